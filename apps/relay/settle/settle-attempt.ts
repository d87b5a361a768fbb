import { hash } from 'node:crypto';
import { canonicalJson } from '#contracts/canonical-json.js';
import { limits } from '#contracts/streams.js';
import type { AttemptOutcome, UsageEvent, UsageEventData } from '#contracts/usage-event.js';
import type { Usage } from '#usage/usage.js';
import type { OpenedAttempt, SettledEvent } from '../journal/journal-record.js';

/** How an attempt ended. */
export interface Ending {
  readonly outcome: AttemptOutcome;
  /** Absent when the upstream never answered. */
  readonly httpStatus?: number | undefined;
  readonly firstByteAt?: string | undefined;
  readonly finishedAt: string;
  readonly usage: Usage;
}

/** The one usage event of an attempt. Its id is the attempt's, so settling twice cannot bill twice. */
export function settleAttempt(attempt: OpenedAttempt, ending: Ending): SettledEvent {
  const event = eventOf(attempt, ending);
  if (isWithin(event.json, limits.maxEventBytes)) return event;
  // The log would refuse it for ever. Without its counts it is suspended, and a person looks.
  const detail = 'The usage record was larger than an event may be and is left out.';
  return eventOf(attempt, { ...ending, usage: missingUsage(attempt, { code: 'record_too_large', detail }) });
}

/** The event of an attempt that was open when the relay died: nobody saw its end. */
export function settleExpired(attempt: OpenedAttempt, finishedAt: string): SettledEvent {
  return settleAttempt(attempt, { outcome: 'expired', finishedAt, usage: missingUsage(attempt) });
}

/** The event of an attempt at which the relay itself failed: the upstream may have answered, and may bill it. */
export function settleBroken(attempt: OpenedAttempt, finishedAt: string): SettledEvent {
  const detail = 'The relay failed at this attempt: its log says why.';
  return settleAttempt(attempt, {
    outcome: 'broken',
    finishedAt,
    usage: missingUsage(attempt, { code: 'relay_failed', detail }),
  });
}

export function missingUsage(attempt: OpenedAttempt, ...anomalies: Usage['anomalies']): Usage {
  const { provider, api, requestedModel } = attempt;
  return { provider, api, requestedModel, segments: [], completeness: 'missing', anomalies };
}

function eventOf(attempt: OpenedAttempt, ending: Ending): SettledEvent {
  const { id, relayId, orgId, startedAt } = attempt;
  // In the order in which canonical JSON has them, which then need not sort them. Undefined is absent in JSON.
  const data: Undefinable<UsageEventData> = {
    attempt: attempt.attempt,
    channelId: attempt.channelId,
    experiment: attempt.experiment,
    finishedAt: ending.finishedAt,
    firstByteAt: ending.firstByteAt,
    httpStatus: ending.httpStatus,
    keyId: attempt.keyId,
    leaseId: attempt.leaseId,
    outcome: ending.outcome,
    priceVersion: attempt.priceVersion,
    projectId: attempt.projectId,
    requestId: attempt.requestId,
    startedAt,
    teamId: attempt.teamId,
    // The same record: the schema's type only lacks the `readonly`.
    usage: ending.usage as UsageEventData['usage'],
  };
  const dataJson = canonicalJson(data);
  const envelope: Omit<UsageEvent, 'data'> = {
    specversion: '1.0',
    id,
    source: `tollgate/relay/${relayId}`,
    type: 'tollgate.usage.v1',
    time: startedAt,
    datacontenttype: 'application/json',
    org: orgId,
    datahash: hash('sha256', dataJson, 'hex'),
  };
  // The hashed text itself becomes the event's data: it is written once, and cannot differ from its hash.
  return { id, orgId, json: `${JSON.stringify(envelope).slice(0, -1)},"data":${dataJson}}` };
}

/** Most events are far from the bound: that is seen without going through their text. */
function isWithin(text: string, bytes: number): boolean {
  return text.length * MAX_UTF8_BYTES_PER_UNIT <= bytes || Buffer.byteLength(text) <= bytes;
}

const MAX_UTF8_BYTES_PER_UNIT = 3;

type Undefinable<Record> = { readonly [Name in keyof Record]: Record[Name] | undefined };
