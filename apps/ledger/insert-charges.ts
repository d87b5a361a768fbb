import type { EntityManager } from 'typeorm';
import type { Charge } from './decide-booking.js';

/** A charge with the transaction that posts it: absent unless charged. */
export type PostedCharge = Charge & { readonly transactionId?: string | undefined };

/** Every column that is written, with its type and where its value comes from. An absent value is NULL. */
const columns: readonly (readonly [name: string, type: string, value: (charge: PostedCharge) => unknown])[] = [
  ['org_id', 'text', ({ event }) => event.org],
  ['event_id', 'text', ({ event }) => event.id],
  ['usage_hash', 'bytea', ({ event }) => `\\x${event.data.usageHash}`],
  ['status', 'text', ({ event }) => event.data.rating.status],
  // Postgres would round a finer time up, out of its day and month.
  ['effective_at', 'timestamptz', ({ event }) => event.data.effectiveAt.replace(/(\.\d{6})\d+/, '$1')],
  ['usage_sequence', 'bigint', ({ event }) => event.data.position.sequence],
  ['usage_index', 'bigint', ({ event }) => event.data.position.index],
  ['request_id', 'text', ({ event }) => event.data.requestId],
  ['team_id', 'text', ({ event }) => event.data.teamId],
  ['project_id', 'text', ({ event }) => event.data.projectId],
  ['key_id', 'text', ({ event }) => event.data.keyId],
  ['channel_id', 'text', ({ event }) => event.data.channelId],
  ['provider', 'text', ({ event }) => event.data.provider],
  ['model', 'text', ({ event }) => event.data.model],
  ['price_version', 'text', ({ event }) => event.data.priceVersion],
  ['quantity', 'numeric', ({ event }) => event.data.quantity],
  ['currency', 'text', ({ price }) => price?.currency],
  ['amount', 'numeric', ({ price }) => price?.amount.toString()],
  ['cost', 'numeric', ({ price }) => price?.cost.toString()],
  [
    'lines',
    'jsonb',
    ({ event: { data } }) => (data.rating.status === 'charged' ? JSON.stringify(data.rating.lines) : undefined),
  ],
  ['transaction_id', 'bigint', ({ transactionId }) => transactionId],
  [
    'reason_code',
    'text',
    ({ event: { data } }) => (data.rating.status === 'charged' ? undefined : data.rating.reason.code),
  ],
  [
    'reason_detail',
    'text',
    ({ event: { data } }) => (data.rating.status === 'charged' ? undefined : data.rating.reason.detail),
  ],
];

const insert = `
  INSERT INTO charge (${columns.map(([name]) => name).join(', ')})
  SELECT * FROM unnest(${columns.map(([, type], index) => `$${index + 1}::${type}[]`).join(', ')})`;

/** The sub-ledger's rows, in one statement, each in its month. An event that is booked already fails the statement, and the turn with it. */
export async function insertCharges(db: EntityManager, charges: readonly PostedCharge[]): Promise<void> {
  if (charges.length === 0) return;
  const months = new Set(
    charges.map(({ event }) => `${new Date(event.data.effectiveAt).toISOString().slice(0, 7)}-01`),
  );
  await db.query('SELECT open_month(month) FROM unnest($1::date[]) AS months (month)', [[...months]]);
  await db.query(
    insert,
    columns.map(([, , value]) => charges.map(value)),
  );
}
