import { limits } from '#contracts/streams.js';
import type { Usage } from '#usage/usage.js';
import { ApiError, type RefusedEvent } from '../errors/api-error.js';
import { attributeReports } from './attribute-reports.js';
import { priceVersionAt } from './price-version-at.js';
import { type LogPorts, publishStored } from './publish-stored.js';
import { invalidEvent, refuseEvents } from './refused-event.js';
import {
  findRepeated,
  PayloadConflict,
  type ReportedEvent,
  type ReportIdentity,
  storeEvents,
  type StoredEvent,
} from './reported-events.js';
import type { Reporter } from './reporter.guard.js';
import { usageEventOf } from './usage-event-of.js';
import { usageOfReport } from './usage-of-report.js';
import { type Attribution, eventIdOf, payloadHash, type UsageReport, usageReport } from './usage-report.js';

/** Clocks differ, but no usage is from tomorrow. */
const maxAheadMs = 10 * 60_000;

interface ReportPorts extends LogPorts {
  readonly listPriceBooks: () => Promise<{
    readonly current: string;
    readonly books: readonly { readonly version: string; readonly publishedAt: string }[];
  }>;
}

interface TakenEvent {
  readonly source: string;
  readonly id: string;
  readonly eventId: string;
  readonly outcome: 'accepted' | 'repeated';
}

/** A report that says whose usage it is and how much. */
interface ReadReport {
  readonly report: UsageReport;
  readonly usage: Usage;
}

interface IdentifiedReport extends ReadReport {
  readonly attribution: Attribution;
  readonly identity: ReportIdentity;
}

/**
 * Takes reported usage, all or nothing. When this resolves the log has every event. Each step is durable before the next,
 * and none undoes one: wherever it dies, the same request again, or the backlog, goes on from there.
 * @throws ApiError 400 or 409 with what is wrong with which event; nothing was taken. 503: send the same again.
 */
export async function takeReports(
  ports: ReportPorts,
  reporter: Reporter,
  events: readonly unknown[],
): Promise<TakenEvent[]> {
  if (events.length === 0 || events.length > limits.maxEventsPerMessage) {
    throw new ApiError(400, 'batch_size_invalid', `Send 1 to ${limits.maxEventsPerMessage} events at once.`);
  }
  const now = Date.now();
  const read = allTaken(events.map((event, index) => readReport(event, { index, now })));
  const attributions = allTaken(
    await attributeReports(
      ports.source,
      reporter,
      read.map(({ report }) => report),
    ),
  );
  const identified = read.map((one, index) => {
    const attribution = attributions[index];
    if (attribution === undefined) throw new RangeError(`Report ${index} has no attribution.`);
    return { ...one, attribution, identity: identify(one, attribution) };
  });
  const repeated = await findRepeated(
    ports.source,
    identified.map(({ identity }) => identity),
  );
  const stored = repeated ?? (await storeAtPrices(ports, identified));
  await publish(ports, stored);
  return stored.map(({ source, id, isNew }) => {
    return { source, id, eventId: eventIdOf({ source, id }), outcome: isNew ? 'accepted' : 'repeated' };
  });
}

function allTaken<Taken extends object>(outcomes: readonly (Taken | RefusedEvent)[]): Taken[] {
  const refused = outcomes.filter(isRefused);
  if (refused.length > 0) throw refuseEvents(400, refused);
  return outcomes.filter((outcome): outcome is Taken => !isRefused(outcome));
}

const isRefused = (outcome: object): outcome is RefusedEvent => 'code' in outcome && 'index' in outcome;

function readReport(event: unknown, { index, now }: { index: number; now: number }): ReadReport | RefusedEvent {
  const parsed = usageReport.safeParse(event);
  if (!parsed.success) return invalidEvent(index, parsed.error);
  const report = parsed.data;
  const { firstByteAt, finishedAt } = report.data;
  const times = { time: report.time, 'data.firstByteAt': firstByteAt, 'data.finishedAt': finishedAt };
  for (const [param, time] of Object.entries(times)) {
    if (time === undefined || Date.parse(time) <= now + maxAheadMs) continue;
    return { index, code: 'time_in_future', message: `${param}: is in the future.`, param };
  }
  const usage = usageOfReport(report);
  if (report.data.providerUsage?.usage !== undefined && usage.completeness === 'missing') {
    const { api } = report.data.providerUsage;
    const message = `data.providerUsage.usage: nothing in it can be read as the usage of ${api}.`;
    return { index, code: 'usage_unreadable', message, param: 'data.providerUsage.usage' };
  }
  return { report, usage };
}

function identify({ report }: ReadReport, attribution: Attribution): ReportIdentity {
  const { source, id } = report;
  return { orgId: attribution.orgId, source, id, payloadHash: payloadHash(report, attribution) };
}

/** Only what is new asks for a price book: a report that is sent again is answered while pricing is away. */
async function storeAtPrices(ports: ReportPorts, reports: readonly IdentifiedReport[]): Promise<StoredEvent[]> {
  const { current, books } = await ports.listPriceBooks();
  const settled = reports.map((one, index) => settle(one, priceVersionAt(one.report.time, current, books), index));
  return store(ports, allTaken(settled));
}

function settle(one: IdentifiedReport, priceVersion: string, index: number): ReportedEvent | RefusedEvent {
  const { report, identity, ...settled } = one;
  const event = JSON.stringify(usageEventOf(report, { ...settled, priceVersion }));
  const bytes = Buffer.byteLength(event);
  if (bytes <= limits.maxEventBytes) return { ...identity, event };
  const message = `data: the event would be ${bytes} bytes on the log, which takes ${limits.maxEventBytes}.`;
  return { index, code: 'event_too_large', message, param: 'data' };
}

async function store({ source }: ReportPorts, events: readonly ReportedEvent[]): Promise<StoredEvent[]> {
  try {
    return await storeEvents(source, events);
  } catch (error) {
    if (!(error instanceof PayloadConflict)) throw error;
    const conflicts = error.indexes.map((index) => {
      const message = 'id: this source has reported something else under this id; what came first stays.';
      return { index, code: 'payload_conflict', message, param: 'id' };
    });
    throw refuseEvents(409, conflicts);
  }
}

async function publish(ports: ReportPorts, stored: readonly StoredEvent[]): Promise<void> {
  try {
    await publishStored(ports, stored);
  } catch (cause) {
    const message = 'The log cannot take the events at the moment. Send the same again: nothing is counted twice.';
    throw new ApiError(503, 'unavailable', message, { cause, retryAfterSeconds: 2 });
  }
}
