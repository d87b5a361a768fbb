import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { z } from 'zod';
import { loadConfig } from '#config/config.js';
import { migrate } from '#postgres/migrate.js';
import { superuser } from './postgres.js';

export interface TestDatabase {
  readonly url: string;
  /** The same as the server's superuser: for showing that even that one is refused. */
  readonly superuserUrl: string;
  drop(): Promise<void>;
}

/** Any number will do, as long as every test process takes the same one. */
const templateLock = 0x74657374;
const template = 'tollgate_migrated';

/** A fresh migrated database of this test file's own, in the PostgreSQL that the whole jest run shares. */
export async function testDatabase(): Promise<TestDatabase> {
  // Set by test/support/start-engines.mjs, before the first test.
  const { TOLLGATE_TEST_POSTGRES: server } = loadConfig(z.object({ TOLLGATE_TEST_POSTGRES: z.url() }));
  const name = `test_${randomBytes(6).toString('hex')}`;
  await withClient(server, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [templateLock]);
    await ensureTemplate(client, server);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    url: databaseUrl(server, name),
    superuserUrl: databaseUrl(server, name, superuser),
    drop: () => withClient(server, async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`))),
  };
}

/** Migrations run once per jest run: every database is a copy of this one. */
async function ensureTemplate(client: pg.Client, server: string): Promise<void> {
  const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [template]);
  if (found.rowCount !== 0) return;
  const draft = `${template}_draft`;
  await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
  await client.query(`CREATE DATABASE ${draft}`);
  await migrate(databaseUrl(server, draft));
  await client.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
}

function databaseUrl(server: string, name: string, user?: { name: string; password: string }): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (user !== undefined) [url.username, url.password] = [user.name, user.password];
  return url.href;
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
