import type { EntityManager } from 'typeorm';
import type { Day, PlannedCoverage } from '#accounting/invoicing/coverage.js';
import type { LinePart, PartSource } from '#accounting/invoicing/collect-lines.js';
import type { Funding } from '#accounting/invoicing/settle-invoice.js';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import type { ChargeLine } from '#contracts/charge.js';
import { parseAmount, type Pico } from '#money/pico.js';

/** An organisation's book in one currency, and what an invoice takes of it. */
export interface Covered {
  readonly orgId: string;
  readonly currency: string;
  readonly coverage: readonly PlannedCoverage[];
}

/** So many charges are in memory at a time. */
const rowsPerFetch = 2000;

/** $1 organisation, $2 currency, $3 … $7 the coverage. What stands in no block was in the book before there were any. */
const coveredTransactions = `
  SELECT t.id, t.effective_at, k.from_day, k.to_day, k.late
  FROM unnest($3::date[], $4::date[], $5::bigint[], $6::bigint[], $7::boolean[])
    AS k (from_day, to_day, after_block, through_block, late)
  JOIN transaction t ON (t.org_id, t.currency) = ($1, $2) AND t.kind IN ('charge', 'correction')
    AND t.effective_at >= k.from_day::timestamp AT TIME ZONE 'UTC' AND t.effective_at < k.to_day::timestamp AT TIME ZONE 'UTC'
  LEFT JOIN block b ON b.xid = t.xid
  WHERE coalesce(b.height, 0) > k.after_block AND coalesce(b.height, 0) <= k.through_block`;

const parametersOf = ({ orgId, currency, coverage }: Covered) => {
  const column = <Name extends keyof PlannedCoverage>(name: Name) => coverage.map((one) => one[name]);
  return [orgId, currency, column('from'), column('to'), column('after'), column('through'), column('late')];
};

interface CoveredRow {
  readonly event_id: string;
  readonly usage_hash: string;
  readonly adjustment: number | null;
  readonly amount: string;
  readonly late_month: string | null;
  readonly team_id: string;
  readonly project_id: string;
  readonly model: string;
  readonly usage_sequence: string;
  readonly lines: readonly ChargeLine[] | null;
  readonly strays: boolean;
}

/** The days on which anything was taken. */
const coveredDays = `
  SELECT DISTINCT (t.effective_at AT TIME ZONE 'UTC')::date::text AS day FROM (${coveredTransactions}) AS t ORDER BY day`;

/**
 * Charges and adjustments of one day, $8, by event id. Charges are read from its month, $9 to $10. A charge outside its
 * transaction's days was booked in one of several days; a time that Postgres rounded up may be the end itself.
 */
const coveredParts = `
  WITH taken AS MATERIALIZED (${coveredTransactions}
    AND t.effective_at >= $8::timestamp AT TIME ZONE 'UTC'
    AND t.effective_at < ($8::timestamp + interval '1 day') AT TIME ZONE 'UTC')
  SELECT c.event_id, encode(c.usage_hash, 'hex') AS usage_hash, NULL::integer AS adjustment, c.amount,
    CASE WHEN t.late THEN left($8::text, 7) END AS late_month,
    c.team_id, c.project_id, c.model, c.usage_sequence, c.lines,
    c.effective_at < t.from_day::timestamp AT TIME ZONE 'UTC' OR c.effective_at > t.to_day::timestamp AT TIME ZONE 'UTC'
      AS strays
  FROM taken t JOIN charge c ON c.transaction_id = t.id
  WHERE c.org_id = $1 AND c.effective_at >= $9::timestamp AT TIME ZONE 'UTC'
    AND c.effective_at <= $10::timestamp AT TIME ZONE 'UTC'
    AND ($11::text IS NULL OR c.team_id = $11) AND ($12::text IS NULL OR c.project_id = $12)
    AND ($13::text IS NULL OR c.event_id >= $13)
  UNION ALL
  SELECT c.event_id, encode(c.usage_hash, 'hex'), a.number, a.amount, CASE WHEN t.late THEN left($8::text, 7) END,
    c.team_id, c.project_id, c.model, c.usage_sequence, NULL, false
  FROM taken t JOIN adjustment a ON a.transaction_id = t.id
  JOIN charge_identity i ON (i.org_id, i.event_id) = (a.org_id, a.event_id)
  JOIN charge c ON (c.org_id, c.event_id, c.effective_at) = (i.org_id, i.event_id, i.effective_at)
  WHERE ($11::text IS NULL OR c.team_id = $11) AND ($12::text IS NULL OR c.project_id = $12)
    AND ($13::text IS NULL OR c.event_id >= $13)
  ORDER BY event_id, adjustment NULLS FIRST`;

/** Only such parts, where one line is looked into. */
export interface PartFilter {
  readonly teamId?: string;
  readonly projectId?: string;
  /** From this event of this day on. */
  readonly from?: { readonly day: Day; readonly eventId: string };
}

export interface CoveredCharge {
  readonly day: Day;
  readonly source: PartSource;
  readonly parts: readonly LinePart[];
  readonly usageSequence: number;
  /** It happened on a day that its transaction is not of. */
  readonly strays: boolean;
}

/**
 * Day by day, and by event id within a day: the order of the leaves of every line. A day at a time, because a month of
 * millions of charges is not sorted within the time that a statement has. To be called in a database transaction.
 */
export async function* readCovered(
  db: EntityManager,
  covered: Covered,
  filter: PartFilter = {},
): AsyncGenerator<CoveredCharge> {
  const days = await db.query<{ day: Day }[]>(coveredDays, parametersOf(covered));
  for (const { day } of days) if (day >= (filter.from?.day ?? '')) yield* readDay(db, covered, day, filter);
}

async function* readDay(
  db: EntityManager,
  covered: Covered,
  day: Day,
  { teamId, projectId, from }: PartFilter,
): AsyncGenerator<CoveredCharge> {
  const fromEvent = from?.day === day ? from.eventId : undefined;
  await db.query(`DECLARE covered_parts NO SCROLL CURSOR FOR ${coveredParts}`, [
    ...parametersOf(covered),
    ...[day, ...monthOf(day), teamId, projectId, fromEvent],
  ]);
  for (;;) {
    const rows = await db.query<CoveredRow[]>(`FETCH ${rowsPerFetch} FROM covered_parts`);
    for (const row of rows) yield toCharge(day, row);
    if (rows.length < rowsPerFetch) break;
  }
  // For the next day. Who stops before the end ends the database transaction, and the cursor with it.
  await db.query('CLOSE covered_parts');
}

/** The first day of a day's month and that of the next one: a transaction is of one month at most. */
function monthOf(day: Day): [first: Day, next: Day] {
  const next = new Date(`${day.slice(0, 7)}-01T00:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return [`${day.slice(0, 7)}-01`, next.toISOString().slice(0, 10)];
}

function toCharge(day: Day, row: CoveredRow): CoveredCharge {
  const { event_id: eventId, usage_hash: usageHash, adjustment } = row;
  const who = {
    ...(row.late_month === null ? {} : { lateMonth: row.late_month }),
    teamId: row.team_id,
    projectId: row.project_id,
  };
  const base = { day, usageSequence: Number(row.usage_sequence), strays: row.strays };
  if (adjustment !== null) {
    const part = { subject: { ...who, model: row.model }, quantity: 1n, amount: BigInt(row.amount) };
    return { ...base, source: { eventId, usageHash, adjustment }, parts: [part] };
  }
  const parts = (row.lines ?? []).map(({ model, dimension, unitPrice, quantity, amount }) => ({
    subject: { ...who, model, tariff: { dimension, unitPrice: parseAmount(unitPrice) } },
    quantity: BigInt(quantity),
    amount: parseAmount(amount),
  }));
  return { ...base, source: { eventId, usageHash }, parts };
}

/** Who has paid, by the postings of the same transactions. */
export async function readFunding(db: EntityManager, covered: Covered): Promise<Funding> {
  const rows = await db.query<{ payer: string; amount: string }[]>(
    `WITH taken AS MATERIALIZED (${coveredTransactions})
     SELECT payer.name AS payer, sum(CASE WHEN credit.name LIKE 'usage-revenue:%' THEN p.amount ELSE -p.amount END) AS amount
     FROM taken t JOIN posting p ON p.transaction_id = t.id
     JOIN account debit ON debit.id = p.debit_account
     JOIN account credit ON credit.id = p.credit_account
     JOIN account payer ON payer.id = CASE WHEN credit.name LIKE 'usage-revenue:%' THEN debit.id ELSE credit.id END
     WHERE credit.name LIKE 'usage-revenue:%' OR debit.name LIKE 'usage-revenue:%'
     GROUP BY payer.name ORDER BY payer.name`,
    parametersOf(covered),
  );
  const wallets = new Map<string, Pico>();
  const unbilled = new Map<string, Pico>();
  let credits = 0n;
  for (const { payer, amount } of rows) {
    const [accountClass, wallet = defaultWallet] = payer.split(':');
    if (accountClass === 'customer-wallet') wallets.set(wallet, BigInt(amount));
    else if (accountClass === 'unbilled-receivable') unbilled.set(wallet, BigInt(amount));
    else if (accountClass === 'customer-credits') credits += BigInt(amount);
    else throw new Error(`Usage was paid by ${payer}: an invoice does not know what that is.`);
  }
  return { wallets, credits, unbilled };
}
