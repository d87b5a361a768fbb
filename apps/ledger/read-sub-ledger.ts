import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type {
  ledgerCells,
  ledgerEvents,
  ReconciliationCell,
  ReconciliationEvent,
} from '#contracts/requests/reconciliation.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from './page.js';

/** Of charged events: an unknown amount is absent, not 0. */
interface MoneyRow {
  readonly currency: string | null;
  readonly amount: string | null;
  readonly cost: string | null;
}

interface CellRow extends MoneyRow {
  readonly org_id: string;
  readonly hour: Date;
  readonly model: string;
  readonly status: ReconciliationCell['status'];
  readonly count: string;
  readonly content_hash: string;
  readonly quantity: string;
}

/**
 * The sub-ledger up to the cut, added up by SQL alone: whatever TypeScript got wrong on the way in, it is not repeated.
 * The hash is read as signed 8 bytes, which is the same sum mod 2⁶⁴, and made positive at the end.
 */
export async function readCells(
  source: DataSource,
  request: z.infer<typeof ledgerCells.request>,
): Promise<z.infer<typeof ledgerCells.reply>> {
  const size = pageSize(request);
  const rows = await source.query<CellRow[]>(
    `WITH event AS (
       SELECT *, date_trunc('hour', effective_at, 'UTC') AS hour, coalesce(currency, '') AS currency_key,
         concat(event_id, ' ', encode(usage_hash, 'hex'), ' ', trunc(quantity), ' ', trunc(amount), ' ', trunc(cost))
           AS content
       FROM charge
       WHERE ($1::text IS NULL OR org_id = $1) AND usage_sequence <= $2
     )
     SELECT org_id, hour, model, status, nullif(currency_key, '') AS currency, count(*) AS count,
       mod(mod(sum(hash), 18446744073709551616) + 18446744073709551616, 18446744073709551616) AS content_hash,
       sum(quantity) AS quantity, sum(amount) AS amount, sum(cost) AS cost
     FROM event, LATERAL (
       SELECT ('x' || left(encode(sha256(convert_to(content, 'UTF8')), 'hex'), 16))::bit(64)::bigint AS hash
     ) AS hashed
     WHERE $3::text IS NULL
       OR (org_id, hour, model, status, currency_key) > ($3, $4::timestamptz, $5, $6, $7)
     GROUP BY org_id, hour, model, status, currency_key
     ORDER BY org_id, hour, model, status, currency_key
     LIMIT $8`,
    [request.orgId, request.cut.usageSequence, ...cursorOf(request, 5), size + 1],
  );
  return toPage(
    rows,
    size,
    (row) => [row.org_id, row.hour.toISOString(), row.model, row.status, row.currency ?? ''],
    (row) => ({
      orgId: row.org_id,
      hour: row.hour.toISOString(),
      model: row.model,
      status: row.status,
      count: Number(row.count),
      contentHash: row.content_hash,
      quantity: row.quantity,
      ...moneyOf(row),
    }),
  );
}

interface EventRow extends MoneyRow {
  readonly event_id: string;
  readonly usage_hash: string;
  readonly status: ReconciliationEvent['status'];
  readonly quantity: string;
}

/** The events of one hour and model, by id. */
export async function readEvents(
  source: DataSource,
  request: z.infer<typeof ledgerEvents.request>,
): Promise<z.infer<typeof ledgerEvents.reply>> {
  const size = pageSize(request);
  const rows = await source.query<EventRow[]>(
    `SELECT event_id, encode(usage_hash, 'hex') AS usage_hash, status, quantity, currency, amount, cost
     FROM charge
     WHERE org_id = $1 AND effective_at >= $2 AND effective_at < $2::timestamptz + interval '1 hour' AND model = $3
       AND usage_sequence <= $4 AND ($5::text IS NULL OR event_id > $5)
     ORDER BY event_id LIMIT $6`,
    [request.orgId, request.hour, request.model, request.cut.usageSequence, ...cursorOf(request, 1), size + 1],
  );
  return toPage(
    rows,
    size,
    (row) => [row.event_id],
    (row) => ({
      eventId: row.event_id,
      usageHash: row.usage_hash,
      status: row.status,
      quantity: row.quantity,
      ...moneyOf(row),
    }),
  );
}

function moneyOf({ currency, amount, cost }: MoneyRow) {
  if (currency === null || amount === null || cost === null) return {};
  return { currency, amount: formatAmount(BigInt(amount)), cost: formatAmount(BigInt(cost)) };
}
