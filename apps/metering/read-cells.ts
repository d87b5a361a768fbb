import type { z } from 'zod';
import type { ClickHouse, Parameters } from '#clickhouse/connect.js';
import type {
  clickhouseCells,
  clickhouseEvents,
  ReconciliationCell,
  ReconciliationEvent,
} from '#contracts/requests/reconciliation.js';
import { limits } from '#contracts/streams.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { EventSource } from './charged-events.js';
import { clickHouseSecond, instantOf } from './clickhouse-time.js';

type CellsRequest = z.infer<typeof clickhouseCells.request>;
type EventsRequest = z.infer<typeof clickhouseEvents.request>;
interface Page<Item> {
  readonly items: Item[];
  readonly next?: string;
}

type Status = ReconciliationCell['status'];
interface Money {
  readonly currency: string;
  readonly amount: string | null;
  readonly cost: string | null;
}
interface CellAnswer extends Money {
  readonly orgId: string;
  readonly hourSeconds: number;
  readonly model: string;
  readonly status: Status;
  readonly count: string;
  readonly contentHash: string;
  readonly quantity: string;
  /** What orders and names the cell within its hour: a model's name is longer than a cursor may be. */
  readonly cell: string;
}
interface EventAnswer extends Money {
  readonly eventId: string;
  readonly usageHash: string;
  readonly status: Status;
  readonly quantity: string;
}

const pico = (column: string) => `ifNull(toString(toInt256(toDecimal256(${column}, 12) * 1000000000000)), '')`;
const content = `concat(event_id, ' ', source.usage_hash, ' ', toString(source.quantity),
                   ' ', ${pico('source.amount')}, ' ', ${pico('source.cost')})`;

/** Σ of a source's events by organisation, hour, model, status and currency, a page at a time. */
export async function readCells(
  clickhouse: ClickHouse,
  source: EventSource,
  request: CellsRequest,
): Promise<Page<ReconciliationCell>> {
  const limit = request.limit ?? limits.maxPageSize;
  const after = request.after === undefined ? undefined : parseCursor(request.after);
  const where = [
    ...(request.orgId === undefined ? [] : ['org_id = {org:String}']),
    ...(after === undefined
      ? []
      : ["(org_id > {afterOrg:String} OR (org_id = {afterOrg:String} AND hour >= {afterHour:DateTime('UTC')}))"]),
  ];
  const answers = await clickhouse.query<CellAnswer>(
    `SELECT org_id AS orgId, toUnixTimestamp(hour) AS hourSeconds, model, status, currency, toString(count()) AS count,
            toString(sum(reinterpretAsUInt64(reverse(substring(SHA256(${content}), 1, 8))))) AS contentHash,
            toString(sum(source.quantity)) AS quantity,
            toString(sum(source.amount)) AS amount, toString(sum(source.cost)) AS cost,
            lower(hex(sipHash128(model, status, currency))) AS cell
     FROM (${source(where.join(' AND ') || 'true')}) AS source
     GROUP BY org_id, hour, model, status, currency
     ${after === undefined ? '' : "HAVING (org_id, hour, cell) > ({afterOrg:String}, {afterHour:DateTime('UTC')}, {afterCell:String})"}
     ORDER BY org_id, hour, cell LIMIT {limit:UInt32}`,
    { cut: request.cut.usageSequence, limit: limit + 1, ...ifGiven('org', request.orgId), ...after },
  );
  return page(answers, limit, {
    item: ({ orgId, hourSeconds, model, status, count, contentHash, quantity, ...money }) => ({
      orgId,
      hour: instantOf(hourSeconds),
      model,
      status,
      count: Number(count),
      contentHash,
      quantity,
      ...moneyOf(money),
    }),
    cursor: ({ orgId, hourSeconds, cell }) => `${orgId} ${hourSeconds} ${cell}`,
  });
}

/** A source's events of one organisation, hour and model, a page at a time. */
export async function readEvents(
  clickhouse: ClickHouse,
  source: EventSource,
  request: EventsRequest,
): Promise<Page<ReconciliationEvent>> {
  const limit = request.limit ?? limits.maxPageSize;
  const where = "org_id = {org:String} AND hour = {hour:DateTime('UTC')} AND model = {model:String}";
  const answers = await clickhouse.query<EventAnswer>(
    `SELECT event_id AS eventId, usage_hash AS usageHash, status, currency, toString(source.quantity) AS quantity,
            toString(source.amount) AS amount, toString(source.cost) AS cost
     FROM (${source(where)}) AS source
     ${request.after === undefined ? '' : 'WHERE event_id > {after:String}'}
     ORDER BY event_id LIMIT {limit:UInt32}`,
    {
      cut: request.cut.usageSequence,
      org: request.orgId,
      hour: clickHouseSecond(request.hour),
      model: request.model,
      limit: limit + 1,
      ...ifGiven('after', request.after),
    },
  );
  return page(answers, limit, {
    item: ({ eventId, usageHash, status, quantity, ...money }) => ({
      eventId,
      usageHash,
      status,
      quantity,
      ...moneyOf(money),
    }),
    cursor: ({ eventId }) => eventId,
  });
}

function page<Answer, Item>(
  answers: readonly Answer[],
  limit: number,
  read: { item: (answer: Answer) => Item; cursor: (answer: Answer) => string },
): Page<Item> {
  const shown = answers.slice(0, limit);
  const last = shown.at(-1);
  const more = answers.length > limit && last !== undefined;
  return { items: shown.map(read.item), ...(more ? { next: read.cursor(last) } : {}) };
}

function parseCursor(cursor: string): Parameters {
  const [, afterOrg, seconds, afterCell] = /^(\S{1,64}) (\d{1,10}) ([0-9a-f]{32})$/.exec(cursor) ?? [];
  if (afterOrg === undefined || afterCell === undefined) {
    throw new RequestFailure(
      'invalid',
      'The cursor is not one of this list: "after" is the "next" of the page before.',
    );
  }
  return { afterOrg, afterHour: clickHouseSecond(Number(seconds) * 1000), afterCell };
}

function moneyOf({ currency, amount, cost }: Money) {
  return currency === '' || amount === null || cost === null ? {} : { currency, amount, cost };
}

function ifGiven(name: string, value: string | undefined): Parameters {
  return value === undefined ? {} : { [name]: value };
}
