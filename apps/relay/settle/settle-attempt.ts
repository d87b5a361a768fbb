import { dataHash } from '#contracts/cloud-event.js';
import { limits } from '#contracts/streams.js';
import type { AttemptOutcome, UsageEvent, UsageEventData } from '#contracts/usage-event.js';
import type { Usage } from '#usage/usage.js';
import type { OpenedAttempt } from '../journal/journal-record.js';

/** How an attempt ended. */
export interface Ending {
  readonly outcome: AttemptOutcome;
  /** Absent when the upstream never answered. */
  readonly httpStatus?: number;
  readonly firstByteAt?: string;
  readonly finishedAt: string;
  readonly usage: Usage;
}

/** The one usage event of an attempt. Its id is the attempt's, so settling twice cannot bill twice. */
export function settleAttempt(attempt: OpenedAttempt, ending: Ending): UsageEvent {
  const event = eventOf(attempt, ending);
  if (Buffer.byteLength(JSON.stringify(event)) <= limits.maxEventBytes) return event;
  // The log would refuse it for ever. Without its counts it is suspended, and a person looks.
  const detail = 'The usage record was larger than an event may be and is left out.';
  const { provider, api, requestedModel } = attempt;
  const usage = missingUsage({ provider, api, requestedModel }, { code: 'record_too_large', detail });
  return eventOf(attempt, { ...ending, usage });
}

/** The event of an attempt that was open when the relay died: nobody saw its end. */
export function settleExpired(attempt: OpenedAttempt, finishedAt: string): UsageEvent {
  const usage = missingUsage(attempt);
  return settleAttempt(attempt, { outcome: 'expired', finishedAt, usage });
}

export function missingUsage(
  { provider, api, requestedModel }: Pick<OpenedAttempt, 'provider' | 'api' | 'requestedModel'>,
  ...anomalies: Usage['anomalies']
): Usage {
  return { provider, api, requestedModel, segments: [], completeness: 'missing', anomalies };
}

function eventOf(attempt: OpenedAttempt, ending: Ending): UsageEvent {
  const { id, requestId, orgId, teamId, projectId, keyId, channelId, priceVersion, startedAt } = attempt;
  const identity = { requestId, teamId, projectId, keyId, channelId, priceVersion, startedAt };
  // The same record: the schema's type only lacks the `readonly`.
  const usage = ending.usage as UsageEventData['usage'];
  const data: UsageEventData = { ...identity, attempt: attempt.attempt, ...ending, usage };
  return {
    specversion: '1.0',
    id,
    source: `tollgate/relay/${attempt.relayId}`,
    type: 'tollgate.usage.v1',
    time: startedAt,
    datacontenttype: 'application/json',
    org: orgId,
    datahash: dataHash(data),
    data,
  };
}
