import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { LedgerHead } from '#contracts/ledger-head.js';
import { chainState } from '#contracts/requests/accounting.js';
import { topUp } from '#contracts/requests/wallets.js';
import { streams } from '#contracts/streams.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { testNats, type TestNats } from '#testing/nats.js';
import pg from 'pg';
import { startLedger } from '../start-ledger.js';
import { readPublishedHeads } from './published-heads.js';
import { verifyLedger } from './verify-ledger.js';

describe('the heads of the chain', () => {
  let nats: TestNats;
  let database: TestDatabase;
  let connection: NatsConnection;
  let ledger: { close(): Promise<void> };
  const start = () =>
    startLedger({
      ...{ NATS_URL: nats.url, DATABASE_URL: database.url },
      ...{ TOLLGATE_NATS_REPLICAS: 1, TOLLGATE_LOG_LEVEL: 'error' as const },
    });
  beforeAll(async () => {
    [nats, database] = await Promise.all([testNats(), testDatabase()]);
    ledger = await start();
    connection = await connectNats({ servers: nats.url, name: 'heads-test' });
  });
  afterAll(async () => {
    await ledger.close();
    await connection.close();
    await nats.stop();
    await database.drop();
  });

  const pay = (idempotencyKey: string) =>
    ask(connection, topUp, { orgId: 'acme', currency: 'USD', amount: '1', idempotencyKey });
  const state = () => ask(connection, chainState, {});
  async function published(): Promise<LedgerHead[]> {
    const heads: LedgerHead[] = [];
    for await (const head of readPublishedHeads(connection)) heads.push(head);
    return heads;
  }

  it('are published, the newest of each second, and at the start what is missing', async () => {
    expect(await published()).toEqual([]);
    for (let index = 0; index < 30; index += 1) await pay(`a${index}`);
    await eventually(async () => expect((await published()).at(-1)?.height).toBe(29));
    expect((await published()).length).toBeLessThan(10);
    expect((await published()).at(-1)).toEqual((await state()).head);
    await ledger.close();
    await (await jetstreamManager(connection)).streams.info(streams.ledgerHeads.name);
    ledger = await start();
    await pay('b');
    await eventually(async () => expect((await published()).at(-1)?.height).toBe(30));
    const { results } = await verifyLedger(database.url, { heads: readPublishedHeads(connection) });
    expect(results.at(-1)).toMatchObject({ check: 'heads', wrong: 0 });
  });

  it('cannot be deleted from the stream, one or all', async () => {
    const { streams: manager } = await jetstreamManager(connection);
    await expect(manager.deleteMessage(streams.ledgerHeads.name, 1)).rejects.toThrow(/not permitted|denied/);
    await expect(manager.purge(streams.ledgerHeads.name)).rejects.toThrow(/not permitted|denied/);
    const { config } = await manager.info(streams.ledgerHeads.name);
    await expect(manager.update(streams.ledgerHeads.name, { ...config, deny_delete: false })).rejects.toThrow();
  });

  it('tell a running ledger that its book was rewritten, and it says so', async () => {
    const superuser = new pg.Client(database.superuserUrl);
    await superuser.connect();
    // The last block as if it had always been another.
    await superuser.query(`
      ALTER TABLE ledger.block DISABLE TRIGGER USER;
      UPDATE ledger.block SET hash = sha256('other') WHERE height = 30;
      ALTER TABLE ledger.block ENABLE ALWAYS TRIGGER linked`);
    await superuser.end();
    await eventually(async () => expect((await state()).conflict).toMatch(/^Block 30 was published as .* rewritten/));
    const before = await published();
    await pay('c');
    // What follows is not published as if nothing had been.
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await published()).toEqual(before);
  });
});
