import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { listAccounts } from '#contracts/requests/ledger.js';
import { topUp } from '#contracts/requests/wallets.js';
import { chargeSubject, streams } from '#contracts/streams.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { publishEvents } from '#jetstream/publish.js';
import { migrate } from '#postgres/migrate.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { testPostgres, type TestPostgres } from '#testing/postgres.js';
import { type ChargeSketch, deliveredCharge } from './charge-event.fixture.js';
import { startLedger } from './start-ledger.js';
import { balancesOf, connectLedger, unsoundness } from './test-ledger.fixture.js';

describe('a running ledger', () => {
  let nats: TestNats;
  let postgres: TestPostgres;
  let connection: NatsConnection;
  const ledgers: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
    await migrate(postgres.url);
    // Two, as when one process is replaced by the next: they take turns.
    for (let count = 0; count < 2; count += 1) {
      ledgers.push(
        await startLedger({
          NATS_URL: nats.url,
          DATABASE_URL: postgres.url,
          TOLLGATE_NATS_REPLICAS: 1,
          TOLLGATE_LOG_LEVEL: 'error',
        }),
      );
    }
    connection = await connectNats({ servers: nats.url, name: 'ledger-test' });
  });
  afterAll(async () => {
    await Promise.all(ledgers.map((ledger) => ledger.close()));
    await connection.close();
    await Promise.all([nats.stop(), postgres.stop()]);
  });

  const publish = (org: string, sketches: readonly ChargeSketch[]) =>
    publishEvents(
      jetstream(connection),
      chargeSubject(org),
      sketches.map((sketch) => deliveredCharge({ org, ...sketch }).event),
    );
  const pico = (org: string, from: number, count: number): ChargeSketch[] =>
    Array.from({ length: count }, (_, index) => ({ id: `${org}-${from + index}`, amount: 1n }));

  async function revenueOf(org: string): Promise<string | undefined> {
    const source = await connectLedger(postgres.url);
    try {
      expect(await unsoundness(source)).toEqual([]);
      return (await balancesOf(source, org))['usage-revenue:openai USD'];
    } finally {
      await source.destroy();
    }
  }

  it('books what is on the log, and answers', async () => {
    await ask(connection, topUp, { orgId: 'live', currency: 'USD', amount: '1', idempotencyKey: 'k' });
    await publish('live', pico('live', 0, 700));
    await eventually(async () => expect(await revenueOf('live')).toBe('0.0000000007'));
    const { items } = await ask(connection, listAccounts, { orgId: 'live' });
    expect(items.find(({ name }) => name === 'customer-wallet')?.balance).toBe('0.9999999993');
  });

  it('parks other content under the id of a booked event on QUARANTINE', async () => {
    await publish('fake', [{ id: 'a', amount: 1n }]);
    await eventually(async () => expect(await revenueOf('fake')).toBe('0.000000000001'));
    await publish('fake', [{ id: 'a', amount: 2n, content: 'other' }]);
    const manager = await jetstreamManager(connection);
    await eventually(async () => {
      const parked = await manager.streams.getMessage(streams.quarantine.name, {
        last_by_subj: 'quarantine.v1.event.fake.>',
      });
      expect(parked?.json()).toMatchObject({ eventId: 'a', parkedBy: 'ledger', reason: { code: 'payload_conflict' } });
    });
    expect(await revenueOf('fake')).toBe('0.000000000001');
  });

  it('books everything once when Postgres is killed in the middle and comes back: faults 7, 8, 24', async () => {
    const publishing = (async () => {
      for (let from = 0; from < 6000; from += 500) await publish('away', pico('away', from, 500));
    })();
    await eventually(async () => expect(await revenueOf('away')).toBeDefined());
    await postgres.kill();
    await expect(
      ask(connection, topUp, { orgId: 'away', currency: 'USD', amount: '1', idempotencyKey: 'k' }),
    ).rejects.toMatchObject({ code: 'unavailable' });
    await publishing;
    await postgres.restart();
    await eventually(async () => expect(await revenueOf('away')).toBe('0.000000006'), 40_000);
    await expect(
      ask(connection, topUp, { orgId: 'away', currency: 'USD', amount: '1', idempotencyKey: 'k' }),
    ).resolves.toMatchObject({ repeated: false });
  });
});
