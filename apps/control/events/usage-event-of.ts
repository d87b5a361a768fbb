import { REPORTED_CHANNEL } from '#contracts/channel.js';
import { dataHash } from '#contracts/cloud-event.js';
import type { UsageEvent, UsageEventData } from '#contracts/usage-event.js';
import type { Usage } from '#usage/usage.js';
import { type Attribution, eventIdOf, type UsageReport } from './usage-report.js';

interface Settled {
  readonly usage: Usage;
  readonly attribution: Attribution;
  readonly priceVersion: string;
}

/** The event as a relay would have written it, had the attempt been its own. */
export function usageEventOf(report: UsageReport, { usage, attribution, priceVersion }: Settled): UsageEvent {
  const { requestId, attempt, outcome, httpStatus, firstByteAt, finishedAt, channel } = report.data;
  const { orgId, ...place } = attribution;
  const id = eventIdOf(report);
  const data: UsageEventData = {
    requestId: requestId ?? id,
    attempt: attempt ?? 1,
    outcome: outcome ?? 'completed',
    ...(httpStatus === undefined ? {} : { httpStatus }),
    startedAt: report.time,
    ...(firstByteAt === undefined ? {} : { firstByteAt }),
    finishedAt,
    ...place,
    // What it names is nobody's word but the reporter's: it is none of a relay's channels, whatever it is called.
    channelId: `${REPORTED_CHANNEL}${channel}`,
    priceVersion,
    // The same record: the schema's type only lacks the `readonly`.
    usage: usage as UsageEventData['usage'],
  };
  return {
    specversion: '1.0',
    id,
    source: report.source,
    type: 'tollgate.usage.v1',
    time: report.time,
    datacontenttype: 'application/json',
    org: orgId,
    datahash: dataHash(data),
    data,
  };
}
