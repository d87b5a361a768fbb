import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { testDatabase } from './database.js';
import { testNats, type TestNats } from './nats.js';
import { testPostgres, type TestPostgres } from './postgres.js';

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('a test database', () => {
  it('is PostgreSQL 18, without superuser rights', async () => {
    const database = await testDatabase();
    const [row] = await query(
      database.url,
      "SELECT current_setting('server_version_num')::int / 10000 AS major, usesuper FROM pg_user WHERE usename = current_user",
    );
    expect(row).toEqual({ major: 18, usesuper: false });
    await database.drop();
  });

  it('is apart from the next one', async () => {
    const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
    await query(one.url, 'CREATE SCHEMA mine');
    expect(await query(two.url, "SELECT FROM pg_namespace WHERE nspname = 'mine'")).toEqual([]);
    await one.drop();
    await two.drop();
  });
});

describe('a test PostgreSQL', () => {
  let postgres: TestPostgres;
  beforeAll(async () => void (postgres = await testPostgres()));
  afterAll(() => postgres.stop());

  it('comes back with its committed rows after SIGKILL', async () => {
    await query(postgres.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    await postgres.kill();
    await expect(query(postgres.url, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
    await postgres.restart();
    expect(await query(postgres.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });
});

describe('a test NATS', () => {
  let nats: TestNats;
  beforeAll(async () => void (nats = await testNats()));
  afterAll(() => nats.stop());

  it('comes back with its acknowledged messages after SIGKILL', async () => {
    const before = await connect({ servers: nats.url });
    const streams = (await jetstreamManager(before)).streams;
    await streams.add({ name: 'KEPT', subjects: ['kept'] });
    await jetstream(before).publish('kept', 'one');
    await nats.kill();
    await before.close();
    await nats.restart();
    const after = await connect({ servers: nats.url });
    expect((await (await jetstreamManager(after)).streams.info('KEPT')).state.messages).toBe(1);
    await after.close();
  });
});
