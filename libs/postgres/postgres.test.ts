import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { migrations } from '#migrations/postgres/all.js';
import { superuser, testPostgres, type TestPostgres } from '#testing/postgres.js';
import { createDataSource } from './data-source.js';
import { isPassing } from './postgres-failure.js';
import { migrate, revertMigrations } from './migrate.js';
import { connectPostgres } from './postgres.module.js';

const asLedger = { role: 'tollgate_ledger', schema: 'ledger', applicationName: 'postgres-test' };

describe('a Postgres', () => {
  let postgres: TestPostgres;
  beforeAll(async () => void (postgres = await testPostgres()));
  afterAll(() => postgres.stop());

  const elsewhere = (change: Partial<Pick<URL, 'username' | 'password' | 'port' | 'pathname' | 'search'>>) =>
    Object.assign(new URL(postgres.url), change).href;

  async function withSession<Result>(use: (source: DataSource) => Promise<Result>): Promise<Result> {
    const source = await connectPostgres({ url: postgres.url, ...asLedger });
    try {
      return await use(source);
    } finally {
      await source.destroy();
    }
  }

  it('that is not migrated yet says so', async () => {
    await expect(connectPostgres({ url: postgres.url, ...asLedger })).rejects.toThrow(
      /role "tollgate_ledger" does not exist. .*migrate the database first/,
    );
  });

  it('is migrated once by four starters at the same time, and by a later one not again', async () => {
    await Promise.all([1, 2, 3, 4].map(() => migrate(postgres.url)));
    await migrate(postgres.url);
    const source = await createDataSource({ ...asLedger, url: postgres.url, role: 'tollgate' }).initialize();
    const rows = await source.query<unknown[]>('SELECT FROM tollgate.migration');
    await source.destroy();
    expect(rows).toHaveLength(migrations.length);
  });

  it('is migrated back to nothing, and forth again', async () => {
    await revertMigrations(postgres.url);
    await expect(withSession((source) => source.query('SELECT FROM account'))).rejects.toThrow(/does not exist/);
    await migrate(postgres.url);
    await expect(withSession((source) => source.query('SELECT FROM account'))).resolves.toEqual([]);
  });

  it('gives a session its role, its schema and no other one', async () => {
    await withSession(async (source) => {
      const [session] = await source.query<unknown[]>(
        `SELECT current_user AS role, current_schema AS schema, current_setting('application_name') AS application`,
      );
      expect(session).toEqual({ role: 'tollgate_ledger', schema: 'ledger', application: 'postgres-test' });
      await expect(source.query('SELECT FROM control.virtual_key')).rejects.toThrow('permission denied');
    });
  });

  it('whose connection breaks between two statements of a transaction may be asked again', async () => {
    const between = withSession((source) =>
      source.transaction(async (db) => {
        await db.query('SET LOCAL idle_in_transaction_session_timeout = 10');
        await sleep(100);
        await db.query('SELECT');
      }),
    );
    expect(isPassing(await between.catch((error: unknown) => error))).toBe(true);
  });

  it('gives whole numbers as text: a float would round them', async () => {
    const rows = await withSession((source) =>
      source.query<unknown>('SELECT 9007199254740993 AS big, 1e27::numeric AS exact'),
    );
    expect(rows).toEqual([{ big: '9007199254740993', exact: '1000000000000000000000000000' }]);
  });

  it('that nobody can reach, enter or find is told in a sentence, without the password', async () => {
    const { port } = new URL(postgres.url);
    const told = async (url: string) => migrate(url).catch((error: Error) => error.message);
    expect(await told(elsewhere({ port: '1' }))).toMatch(
      /^Postgres at 127.0.0.1:1\/tollgate: .*ECONNREFUSED.* Nothing listens there: start Postgres or correct DATABASE_URL.$/,
    );
    const wrong = await told(elsewhere({ password: 'hunter2' }));
    expect(wrong).toBe(
      `Postgres at 127.0.0.1:${port}/tollgate: password authentication failed for user "tollgate". The password is wrong: correct it in DATABASE_URL.`,
    );
    expect(await told(elsewhere({ pathname: '/nowhere' }))).toMatch(/database "nowhere" does not exist. Create it or/);
    expect(await told('localhost:5432/tollgate')).toMatch(/DATABASE_URL is not of the form/);
  });

  it('that a user without the privileges is to migrate is told what is needed', async () => {
    const source = await createDataSource({
      ...asLedger,
      url: elsewhere({ username: superuser.name, password: superuser.password }),
      role: superuser.name,
    }).initialize();
    await source.query("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    await source.query('CREATE DATABASE guests');
    await source.destroy();
    await expect(migrate(elsewhere({ username: 'guest', password: 'guest', pathname: '/guests' }))).rejects.toThrow(
      /permission denied .* migrate as a superuser, or as a user with CREATEROLE that owns the database/,
    );
  });

  it('whose url would change the session is refused', () => {
    const url = elsewhere({ search: '?options=-c%20role%3Dpostgres' });
    expect(() => createDataSource({ url, ...asLedger })).toThrow(/must not carry "options"/);
  });
});
