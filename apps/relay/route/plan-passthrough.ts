import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocols/error-body.js';
import type { AddressRanges } from '#policy/address-ranges.js';
import type { Caller } from '../authenticate/key-directory.js';
import type { ChannelTable } from '../channels/channel-table.js';
import type { Operation } from '../operations/operations.js';
import { permitCall } from '../policy/permit-call.js';
import { permitPassthrough } from '../policy/permit-passthrough.js';
import { steadyNow } from '../steady-now.js';
import { DEFAULT_DEADLINE_MS, type Plan } from './router.js';
import { Vitals } from './vitals.js';

interface Ports {
  readonly channels: ChannelTable;
  readonly trustedProxies: AddressRanges;
}

interface PlannedPassthrough {
  readonly plan: Plan;
  /** Under which its usage is counted, where its answer names no model: what the policy calls it. */
  readonly model: string;
}

/** Where what the relay does not know goes: to the one channel that the policies of its key name, once. */
export class PlanPassthrough {
  readonly #vitals = new Vitals();

  constructor(private readonly ports: Ports) {}

  /** @returns undefined where no policy of the caller names any. */
  plan(operation: Operation, caller: Caller, request: IncomingMessage): PlannedPassthrough | Refusal | undefined {
    const named = permitPassthrough(`${operation.method} ${operation.path}`, caller.policies);
    if (named === undefined || named instanceof Refusal) return named;
    const permitted = permitCall({ operation, json: undefined }, request, caller, this.ports.trustedProxies);
    if (permitted instanceof Refusal) return permitted;
    const { channelId, pattern } = named;
    const channel = this.ports.channels.channels.find(({ id }) => id === channelId);
    // Paths and bodies name what is stored there: nobody else's may be.
    if (channel?.organisation !== caller.orgId) return notItsOwn(channelId);
    const { regions } = permitted;
    if (regions !== undefined && (channel.region === undefined || !regions.has(channel.region))) {
      return forbidden(`The channel "${channelId}" is in no region that every policy of this key permits.`);
    }
    const vitals = this.#vitals.of(channelId, 'passthrough');
    const candidate = { channel, api: operation.usageApi, upstreamModel: pattern, model: pattern, vitals };
    return { plan: planOf(candidate, steadyNow()), model: pattern };
  }
}

function planOf(candidate: Plan['candidates'][number], nowMs: number): Plan {
  return {
    ...{ strategy: 'priority', rule: undefined, experiment: undefined },
    candidates: [candidate],
    considered: [],
    rounds: 1,
    deadlineAtMs: nowMs + DEFAULT_DEADLINE_MS,
  };
}

function notItsOwn(channelId: string): Refusal {
  return forbidden(
    `What the relay does not know goes to an organisation's own channel, and "${channelId}" is none of this key's: have its organisation set.`,
  );
}

const forbidden = (why: string) => new Refusal('forbidden', why);
