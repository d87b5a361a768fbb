import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { connectPostgres } from '#postgres/postgres.module.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { proveSpending } from './budgets/recompute-spending.js';
import { verifyLedger } from './chain/verify-ledger.js';
import { readTrialBalance } from './read-accounts.js';
import { readGeneralLedgerTotals } from './read-general-ledger.js';

export interface TestLedger {
  readonly database: TestDatabase;
  /** As the ledger connects. */
  readonly source: DataSource;
  /** Another ledger process on the same database. */
  connect(): Promise<DataSource>;
  close(): Promise<void>;
}

export function connectLedger(url: string): Promise<DataSource> {
  return connectPostgres({ url, role: 'tollgate_ledger', schema: 'ledger', applicationName: 'ledger-test' });
}

export async function testLedger(): Promise<TestLedger> {
  const database = await testDatabase();
  const sources: DataSource[] = [];
  const connect = async () => {
    const source = await connectLedger(database.url);
    sources.push(source);
    return source;
  };
  return {
    database,
    source: await connect(),
    connect,
    close: async () => {
      await Promise.all(sources.filter((source) => source.isInitialized).map((source) => source.destroy()));
      await database.drop();
    },
  };
}

/** Balances of an organisation by account and currency, as decimal main units. */
export async function balancesOf(source: DataSource, orgId: string): Promise<Record<string, string>> {
  const { rows } = await readTrialBalance(source, { orgId });
  return Object.fromEntries(rows.map(({ name, currency, balance }) => [`${name} ${currency}`, balance]));
}

/** What must hold after anything at all: debits = credits, balances = postings, general ledger = sub-ledger. */
export async function unsoundness(source: DataSource): Promise<unknown[]> {
  const [{ totals }, general, drifted] = await Promise.all([
    readTrialBalance(source, {}),
    readGeneralLedgerTotals(source, {}),
    source.query<unknown[]>(
      `SELECT * FROM balance FULL JOIN (
         SELECT account_id, sum(amount) FILTER (WHERE side = 'debit') AS d, sum(amount) FILTER (WHERE side = 'credit') AS c
         FROM entry GROUP BY account_id) AS posted USING (account_id)
       WHERE debits IS DISTINCT FROM coalesce(d, 0) OR credits IS DISTINCT FROM coalesce(c, 0)`,
    ),
  ]);
  return [
    ...totals.filter(({ balanced }) => !balanced),
    ...general.totals.filter(({ revenue, cost, charged, chargedCost }) => revenue !== charged || cost !== chargedCost),
    ...drifted,
  ];
}

/** What is wrong with the book by any of the ledger's own means. */
export async function wrongs({ source, database }: TestLedger): Promise<unknown[]> {
  const { results } = await verifyLedger(database.url);
  const wrong = results.filter((result) => result.wrong > 0);
  return [...(await unsoundness(source)), ...(await proveSpending(source)), ...wrong];
}

/** What Postgres says to these statements in one database transaction, committed. */
export async function said(client: pg.Client, statements: string, session = ''): Promise<string> {
  try {
    await client.query(`${session}; BEGIN; ${statements}; COMMIT`);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.query('ROLLBACK; RESET session_replication_role');
  }
}
