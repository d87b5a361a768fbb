import { z } from 'zod';
import { REPORTED_CHANNEL } from '#contracts/channel.js';
import { count, dataHash, eventTime, identifier, name, text } from '#contracts/cloud-event.js';
import { attemptOutcome, usageRecord } from '#contracts/usage-event.js';
import { usageApis } from '#usage/usage-api.js';

const usageReportType = 'tollgate.usage-report.v1';

/** What relays call themselves: nobody else's word passes for theirs. */
const ownSource = /^tollgate\//;

/** RFC 3339 with any offset, as CloudEvents has it, in UTC and to the millisecond, as the house has it. */
const reportTime = z.iso
  .datetime({ offset: true, error: 'not a time such as 2026-07-01T00:00:00Z' })
  .transform((time) => new Date(time).toISOString())
  .pipe(eventTime);

/** Deeper than any provider's, and far from what ends the stack. */
const maxUsageLevels = 16;

/** 1e999 is a number in JSON's grammar and none in ours: it has no hash, so it would fail again whenever it is sent. */
function isHashable(value: unknown, levels = maxUsageLevels): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((member) => isHashable(member, levels - 1));
}

/** A provider's own usage object, and what has to be known to read it. */
const providerUsage = z.strictObject({
  provider: name(64),
  api: z.enum(usageApis),
  /** The model asked for. */
  model: name(256),
  servedModel: name(256).exactOptional(),
  /** What the answer says beside its usage. */
  serviceTier: text(64).exactOptional(),
  /** Absent when the provider told nothing. */
  usage: z
    .record(z.string(), z.unknown())
    .refine((usage) => isHashable(usage), `has a number that is too large, or more than ${maxUsageLevels} levels`)
    .exactOptional(),
});
export type ProviderUsage = z.infer<typeof providerUsage>;

const usageReportData = z
  .strictObject({
    team: identifier.exactOptional(),
    project: identifier.exactOptional(),
    key: identifier.exactOptional(),
    channel: identifier.max(64 - REPORTED_CHANNEL.length),
    requestId: identifier.exactOptional(),
    attempt: count.min(1).exactOptional(),
    // An expired attempt is a relay's that died, and only that relay knows it.
    outcome: attemptOutcome.exclude(['expired']).exactOptional(),
    httpStatus: count.max(999).exactOptional(),
    firstByteAt: reportTime.exactOptional(),
    finishedAt: reportTime,
    usage: usageRecord.exactOptional(),
    providerUsage: providerUsage.exactOptional(),
  })
  .refine(({ usage, providerUsage: told }) => (usage === undefined) !== (told === undefined), {
    path: ['providerUsage'],
    error: 'send either this or `usage`, the canonical record',
  });

/** CloudEvents 1.0. Other attributes are extensions, and not ours. */
export const usageReport = z
  .object({
    specversion: z.literal('1.0'),
    id: name(256),
    source: name(256).refine((source) => !ownSource.test(source), '`tollgate/` is how relays begin their own'),
    type: z.literal(usageReportType),
    /** When the attempt was opened. Required: a time of ours would move what is late into today's prices and budgets. */
    time: reportTime,
    datacontenttype: z.literal('application/json').exactOptional(),
    org: identifier.exactOptional(),
    data: usageReportData,
  })
  .refine(({ time, data }) => Date.parse(data.finishedAt) >= Date.parse(time), {
    path: ['data', 'finishedAt'],
    error: 'is before `time`',
  });
export type UsageReport = z.infer<typeof usageReport>;

/** Where usage belongs: everything below the organisation follows from the key. */
export interface Attribution {
  readonly orgId: string;
  readonly teamId: string;
  readonly projectId: string;
  readonly keyId: string;
}

/**
 * The event's id on the log, where a source has no place in an identity. As JSON no source and id can be read as another
 * pair, and a hash cannot be aimed at the id of a relay's event.
 */
export const eventIdOf = ({ source, id }: Pick<UsageReport, 'source' | 'id'>) => dataHash([source, id]);

/** Equal for equal reports, however often they are sent and in whichever batch. */
export function payloadHash({ type, time, data }: UsageReport, attribution: Attribution): string {
  return dataHash({ type, time, data, attribution });
}
