import { Agent } from 'undici';
import type { Channel } from '../channels/channel.js';
import type { ChannelTable } from '../channels/channel-table.js';
import { prepareCheck } from '../channels/prepare-request.js';
import { steadyNow } from '../steady-now.js';
import type { Vitals } from './vitals.js';

export interface HealthCheckPorts {
  readonly table: Pick<ChannelTable, 'channels'>;
  readonly vitals: Vitals;
  /** Of [0, 1). */
  readonly random: () => number;
  /** Is told when a channel begins to fail its checks, and when it passes them again. */
  readonly tell: (sentence: string) => void;
}

/** How often it is looked which checks are due. */
const TICK_MS = 100;
const TIMEOUT_MS = 5_000;
/** Of an interval, either way: processes that started together do not check together for ever. */
const JITTER = 0.1;
/** A list of models may be longer: the rest of it is not waited for. */
const MAX_ANSWER_BYTES = 1024 * 1024;

interface Checked {
  dueAtMs: number;
  isUnderWay: boolean;
  /** As the last one that could be made says. */
  isFailing: boolean;
}

/**
 * Asks the channels that want it, apart from all requests, whether somebody is there: a dead channel is isolated before a
 * request finds out. Of an answer only the status is looked at, and only a failure closes a door; that requests are served
 * no list of models proves.
 */
export class HealthChecks {
  readonly #checked = new Map<string, Checked>();
  /** A connection each: one that was kept may be closed already, which says nothing. */
  readonly #upstream = new Agent({ pipelining: 0, connect: { timeout: TIMEOUT_MS } });
  readonly #stopping = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly ports: HealthCheckPorts) {}

  /** The first checks are made at once. */
  start(): void {
    this.#tick();
    this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await this.#upstream.destroy();
  }

  #tick(): void {
    const { channels } = this.ports.table;
    for (const channel of channels) {
      const { id, healthCheck } = channel;
      if (healthCheck === undefined) continue;
      const checked = this.#checkedOf(id);
      if (!checked.isUnderWay && steadyNow() >= checked.dueAtMs) void this.#check(channel, healthCheck, checked);
    }
    for (const id of this.#checked.keys()) {
      if (!channels.some((channel) => channel.id === id && channel.healthCheck !== undefined)) this.#checked.delete(id);
    }
  }

  #checkedOf(id: string): Checked {
    let checked = this.#checked.get(id);
    if (checked === undefined) this.#checked.set(id, (checked = { dueAtMs: 0, isUnderWay: false, isFailing: false }));
    return checked;
  }

  async #check(channel: Channel, { everyMs }: Checking, checked: Checked): Promise<void> {
    checked.isUnderWay = true;
    const failure = await this.#failureOf(channel);
    const nowMs = steadyNow();
    checked.isUnderWay = false;
    checked.dueAtMs = nowMs + everyMs * (1 - JITTER + 2 * JITTER * this.ports.random());
    // It may be another channel of that name by now, and what was found was not asked of that one.
    if (this.#stopping.signal.aborted || !this.ports.table.channels.includes(channel)) return;
    if (failure === NOT_ASKED) return;
    const breakers = [...channel.models.values()].map((model) => this.ports.vitals.of(channel.id, model).breaker);
    const untilMs = checked.dueAtMs + TICK_MS + TIMEOUT_MS;
    for (const breaker of breakers) {
      if (failure !== undefined) breaker.checkFailed({ nowMs, sinceMs: nowMs - everyMs, untilMs });
      // After one that passed this is no news: what keeps the breaker open, if anything does, are requests.
      else if (checked.isFailing) breaker.checkPassed(nowMs);
    }
    this.#tell(channel, checked.isFailing, failure);
    checked.isFailing = failure !== undefined;
  }

  #tell({ id }: Channel, wasFailing: boolean, failure: string | undefined): void {
    if (failure !== undefined && !wasFailing) {
      this.ports.tell(
        `Channel "${id}" fails its health check (${failure}): where no request shows otherwise it gets none.`,
      );
    }
    if (failure === undefined && wasFailing) this.ports.tell(`Channel "${id}" passes its health check again.`);
  }

  /** @returns why the check failed, undefined when it passed. */
  async #failureOf(channel: Channel): Promise<string | undefined | typeof NOT_ASKED> {
    try {
      const prepared = prepareCheck(channel, new Date());
      if (prepared === undefined) return NOT_ASKED;
      const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(TIMEOUT_MS)]);
      const { origin, path, headers } = prepared;
      const { statusCode, body } = await this.#upstream.request({ origin, path, headers, method: 'GET', signal });
      await body.dump({ limit: MAX_ANSWER_BYTES, signal });
      return isFailure(statusCode) ? `HTTP ${statusCode}` : undefined;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      return typeof code === 'string' ? code : message;
    }
  }
}

type Checking = NonNullable<Channel['healthCheck']>;

const NOT_ASKED = Symbol('The channel has no valid credential now, and is passed over anyway.');

/**
 * The upstream is broken, or the account is locked or unpaid. All else comes from somebody who is there: that a path is
 * unknown, or that lists are asked for too often, says nothing about calls.
 */
function isFailure(httpStatus: number): boolean {
  return httpStatus >= 500 || httpStatus === 401 || httpStatus === 402;
}
