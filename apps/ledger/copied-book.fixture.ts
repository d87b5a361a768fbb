import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A book of its own to tamper with, as whoever owns the engine can. */
export interface CopiedBook {
  /** As the owner of the database, who is no superuser. */
  readonly url: string;
  /** As the superuser: statements one after the other, each in a transaction of its own. */
  run(statements: string): Promise<unknown[]>;
  drop(): Promise<void>;
}

/** Copies a database that nobody is connected to. */
export async function copyBook(of: { url: string; superuserUrl: string }): Promise<CopiedBook> {
  const name = `copy_${randomBytes(6).toString('hex')}`;
  const at = (url: string, database: string) => Object.assign(new URL(url), { pathname: `/${database}` }).href;
  const admin = new pg.Client(at(of.superuserUrl, 'postgres'));
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name} TEMPLATE ${new URL(of.url).pathname.slice(1)}`);
  const client = new pg.Client({
    connectionString: at(of.superuserUrl, name),
    options: '-c search_path=ledger -c timezone=UTC',
  });
  await client.connect();
  return {
    url: at(of.url, name),
    run: async (statements) => {
      const results = await client.query<pg.QueryResultRow>(statements);
      return results.rows;
    },
    drop: async () => {
      await client.end();
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      await admin.end();
    },
  };
}
