import type { DataSource, EntityManager } from 'typeorm';
import type { Account } from '#accounting/chart-of-accounts.js';
import type { Posting } from '#accounting/posting-rules.js';

/** As the database's table of movements knows them: each kind may move certain accounts only. */
export type TransactionKind =
  | 'charge'
  | 'top_up'
  | 'refund'
  | 'grant'
  | 'grant_expiry'
  | 'transfer'
  | 'invoice'
  | 'payment'
  | 'credit_note'
  | 'provider_statement'
  | 'correction';

/** What is posted at once for one organisation in one currency. */
export interface NewTransaction {
  readonly orgId: string;
  readonly currency: string;
  readonly kind: TransactionKind;
  /** Unique for ever within the organisation. Charges have none: each is an event with an id of its own. */
  readonly idempotencyKey?: string;
  readonly effectiveAt: string;
  /** Of a correction: the id of the transaction that it takes back. */
  readonly corrects?: string;
  /** Why, for people. */
  readonly memo?: string;
  readonly postings: readonly Posting[];
}

/** Any number will do, as long as every ledger takes the same one: "ledg" in ASCII. */
const writerLock = 0x6c656467;

/**
 * One writer at a time, whoever it is: the lock lasts exactly as long as the database transaction, so a ledger that
 * dies or loses its connection blocks nobody, and another ledger process goes on with the next batch.
 * What the writer reads is therefore true until it commits. A lock wait counts as statement time, so it ends by itself.
 */
export function takeTurn<Result>(source: DataSource, write: (db: EntityManager) => Promise<Result>): Promise<Result> {
  // READ COMMITTED, so that each statement after the lock sees what the writer before us committed.
  return source.transaction('READ COMMITTED', async (db) => {
    await db.query('SELECT pg_advisory_xact_lock($1)', [writerLock]);
    return write(db);
  });
}

/** @returns the transactions' ids, in the order given. To be called once per turn, before the charges are written. */
export async function postTransactions(
  db: EntityManager,
  transactions: readonly NewTransaction[],
): Promise<readonly string[]> {
  if (transactions.length === 0) return [];
  await openAccounts(db, transactions);
  const ids = await writeTransactions(db, transactions);
  await writePostings(db, transactions, ids);
  return ids;
}

async function openAccounts(db: EntityManager, transactions: readonly NewTransaction[]): Promise<void> {
  const wanted = new Map<string, Account & { orgId: string; currency: string }>();
  for (const { orgId, currency, postings } of transactions) {
    for (const account of postings.flatMap(({ debit, credit }) => [debit, credit])) {
      wanted.set(JSON.stringify([orgId, currency, account.name]), { orgId, currency, ...account });
    }
  }
  const accounts = [...wanted.values()];
  // Not ON CONFLICT: it would use up an id for every account that exists.
  await db.query(
    `INSERT INTO account (org_id, name, kind, currency)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS wanted (org_id, name, kind, currency)
     WHERE NOT EXISTS (SELECT FROM account a
       WHERE (a.org_id, a.name, a.currency) = (wanted.org_id, wanted.name, wanted.currency))`,
    [
      accounts.map((account) => account.orgId),
      accounts.map((account) => account.name),
      accounts.map((account) => account.kind),
      accounts.map((account) => account.currency),
    ],
  );
}

async function writeTransactions(db: EntityManager, transactions: readonly NewTransaction[]): Promise<string[]> {
  const written = await db.query<{ id: string; org_id: string; currency: string; mark: string }[]>(
    `INSERT INTO transaction (org_id, currency, kind, idempotency_key, effective_at, corrects, memo)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
     RETURNING id, org_id, currency,
       coalesce(idempotency_key, to_char(effective_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')) AS mark`,
    [
      transactions.map((transaction) => transaction.orgId),
      transactions.map((transaction) => transaction.currency),
      transactions.map((transaction) => transaction.kind),
      transactions.map((transaction) => transaction.idempotencyKey),
      transactions.map((transaction) => transaction.effectiveAt),
      transactions.map((transaction) => transaction.corrects),
      transactions.map((transaction) => transaction.memo),
    ],
  );
  // Rows come back in no promised order. Charges of a turn share a transaction per organisation, currency and day.
  const ids = new Map(written.map(({ id, org_id, currency, mark }) => [`${org_id} ${currency} ${mark}`, id]));
  return transactions.map(({ orgId, currency, idempotencyKey, effectiveAt }) => {
    const mark = idempotencyKey ?? new Date(effectiveAt).toISOString().slice(0, 10);
    const id = ids.get(`${orgId} ${currency} ${mark}`);
    if (id === undefined || ids.size !== transactions.length) {
      throw new Error(`Two transactions of ${orgId} in ${currency} under ${mark} in one turn: post them as one.`);
    }
    return id;
  });
}

async function writePostings(
  db: EntityManager,
  transactions: readonly NewTransaction[],
  ids: readonly string[],
): Promise<void> {
  const rows = transactions.flatMap(({ orgId, currency, postings }, index) =>
    postings.map((posting) => ({ transactionId: ids[index], orgId, currency, ...posting })),
  );
  if (rows.length === 0) return;
  // A missing account would make its column null, which the table refuses.
  await db.query(
    `INSERT INTO posting (transaction_id, org_id, currency, debit_account, credit_account, amount)
     SELECT p.transaction_id, p.org_id, p.currency, debit.id, credit.id, p.amount
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[])
       WITH ORDINALITY AS p (transaction_id, org_id, currency, debit, credit, amount, place)
     LEFT JOIN account debit ON (debit.org_id, debit.name, debit.currency) = (p.org_id, p.debit, p.currency)
     LEFT JOIN account credit ON (credit.org_id, credit.name, credit.currency) = (p.org_id, p.credit, p.currency)
     ORDER BY p.place`,
    [
      rows.map((row) => row.transactionId),
      rows.map((row) => row.orgId),
      rows.map((row) => row.currency),
      rows.map((row) => row.debit.name),
      rows.map((row) => row.credit.name),
      rows.map((row) => row.amount.toString()),
    ],
  );
}
