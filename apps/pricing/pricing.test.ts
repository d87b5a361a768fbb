import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream, type JetStreamClient, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { INestMicroservice } from '@nestjs/common';
import { z } from 'zod';
import { type ChargeEvent, chargeEvent } from '#contracts/charge.js';
import { dataHash } from '#contracts/cloud-event.js';
import { priceBook } from '#contracts/price-book.js';
import { getPriceBook, listPriceBooks } from '#contracts/requests/prices.js';
import { buckets, streams, usageSubject } from '#contracts/streams.js';
import { type UsageEvent, type UsageEventData, usageEvent } from '#contracts/usage-event.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { publishEvents } from '#jetstream/publish.js';
import { createDataSource } from '#postgres/data-source.js';
import { migrate } from '#postgres/migrate.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { testPostgres, type TestPostgres } from '#testing/postgres.js';
import { listPrices } from './price-book/list-prices.js';
import { startPricing } from './start-pricing.js';

const { version } = listPrices();
const time = '2026-09-01T10:00:00.000Z';

function usage(id: string, org: string, over: Partial<UsageEventData> = {}): UsageEvent {
  const data: UsageEventData = {
    requestId: `request-${id}`,
    attempt: 1,
    outcome: 'completed',
    startedAt: time,
    finishedAt: time,
    teamId: 'team',
    projectId: 'project',
    keyId: 'key',
    channelId: 'channel',
    priceVersion: version,
    usage: {
      provider: 'openai',
      api: 'openai-chat',
      servedModel: 'gpt-5-mini-2025-08-07',
      segments: [{ kind: 'main', in: { fresh: { text: 1000 } }, out: { text: 10, reasoning: 90 } }],
      completeness: 'final',
      anomalies: [],
    },
    ...over,
  };
  return usageEvent.parse({
    specversion: '1.0',
    id,
    source: 'test',
    type: 'tollgate.usage.v1',
    time,
    datacontenttype: 'application/json',
    org,
    datahash: dataHash(data),
    data,
  });
}
const asked = (servedModel: string) => ({ usage: { ...usage('x', 'x').data.usage, servedModel } });

describe('pricing', () => {
  let nats: TestNats;
  let postgres: TestPostgres;
  let connection: NatsConnection;
  let js: JetStreamClient;
  let app: INestMicroservice;
  const start = () =>
    startPricing({
      NATS_URL: nats.url,
      TOLLGATE_NATS_REPLICAS: 1,
      DATABASE_URL: postgres.url,
      TOLLGATE_LOG_LEVEL: 'error',
    });

  beforeAll(async () => {
    [nats, postgres] = await Promise.all([testNats(), testPostgres()]);
    await migrate(postgres.url);
    app = await start();
    connection = await connectNats({ servers: nats.url, name: 'test' });
    js = jetstream(connection);
  });
  afterAll(async () => {
    await app.close();
    await connection.close();
    await Promise.all([nats.stop(), postgres.stop()]);
  });

  /** The charges of the next CHARGES messages after `sequence`, each message with its organisation. */
  async function chargesAfter(sequence: number, messages: number): Promise<[subject: string, ChargeEvent[]][]> {
    const consumer = await js.consumers.get(streams.charges.name, { opt_start_seq: sequence + 1 });
    const read: [string, ChargeEvent[]][] = [];
    for await (const message of await consumer.fetch({ max_messages: messages, expires: 20_000 })) {
      read.push([message.subject, z.array(chargeEvent).parse(message.json())]);
    }
    return read;
  }
  const lastCharge = async () => (await (await jetstreamManager(connection)).streams.info('CHARGES')).state.last_seq;

  it('publishes its book, then names it the current one', async () => {
    const bucket = await new Kvm(connection).open(buckets.prices);
    expect((await bucket.get('current'))?.json()).toEqual({ version });
    expect(priceBook.parse((await bucket.get(`book.${version}`))?.json())).toEqual(listPrices());
  });

  it('charges every usage event once, whatever became of it, one message for one', async () => {
    await publishEvents(js, usageSubject('acme'), [
      usage('a1', 'acme', { leaseId: 'lease-1' }),
      usage('a2', 'acme', asked('sandbox-unpriced')),
      usage('a3', 'acme', { priceVersion: '2020-01-01-00000000' }),
      usage('a4', 'acme', {
        outcome: 'failed',
        usage: { ...usage('x', 'x').data.usage, segments: [], completeness: 'missing' },
      }),
    ]);
    await publishEvents(js, usageSubject('other'), [usage('b1', 'other')]);
    const [acme, other] = await chargesAfter(0, 2);
    expect(acme?.[0]).toBe('charge.v1.acme');
    expect(acme?.[1].map(({ id, data }) => [id, data.position, data.quantity, data.rating.status])).toEqual([
      ['a1', { sequence: 1, index: 0 }, '1100', 'charged'],
      ['a2', { sequence: 1, index: 1 }, '1100', 'suspended'],
      ['a3', { sequence: 1, index: 2 }, '1100', 'suspended'],
      ['a4', { sequence: 1, index: 3 }, '0', 'voided'],
    ]);
    expect(acme?.[1][0]).toMatchObject({
      org: 'acme',
      data: {
        usageHash: usage('a1', 'acme', { leaseId: 'lease-1' }).datahash,
        leaseId: 'lease-1',
        effectiveAt: time,
        model: 'gpt-5-mini-2025-08-07',
        priceVersion: version,
        rating: { currency: 'USD', amount: '0.00045', cost: '0.00045' },
      },
    });
    expect(
      acme?.[1].flatMap(({ data }) => (data.rating.status === 'suspended' ? [data.rating.reason.code] : [])),
    ).toEqual(['price_missing', 'price_version_unknown']);
    for (const charge of acme?.[1] ?? []) expect(charge.datahash).toBe(dataHash(charge.data));
    expect(other).toMatchObject(['charge.v1.other', [{ id: 'b1', org: 'other' }]]);
  });

  it('gives the same bytes when usage comes again', async () => {
    const before = await lastCharge();
    await app.close();
    const manager = await jetstreamManager(connection);
    await manager.consumers.delete(streams.usage.name, 'pricing');
    app = await start();
    await publishEvents(js, usageSubject('acme'), [usage('a5', 'acme')]);
    // Everything before it was charged again: the log recognised it by its message id.
    expect(await chargesAfter(before, 1)).toMatchObject([['charge.v1.acme', [{ id: 'a5' }]]]);
    expect(await lastCharge()).toBe(before + 1);
  });

  it('goes on while Postgres is away', async () => {
    const before = await lastCharge();
    await postgres.kill();
    await publishEvents(js, usageSubject('acme'), [usage('a6', 'acme')]);
    expect(await chargesAfter(before, 1)).toMatchObject([['charge.v1.acme', [{ id: 'a6' }]]]);
    await postgres.restart();
  });

  it('answers which books there are, and each of them', async () => {
    expect(await ask(connection, listPriceBooks, {})).toMatchObject({ current: version, books: [{ version }] });
    expect(await ask(connection, getPriceBook, { version })).toEqual(listPrices());
    await expect(ask(connection, getPriceBook, { version: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('cannot change a stored book', async () => {
    const source = await createDataSource({
      url: postgres.url,
      role: 'tollgate_pricing',
      schema: 'pricing',
      applicationName: 'test',
    }).initialize();
    await expect(source.query(`UPDATE price_book SET tariffs = '[]'`)).rejects.toThrow('permission denied');
    await source.query('SET ROLE NONE');
    await expect(source.query(`UPDATE pricing.price_book SET tariffs = '[]'`)).rejects.toThrow('never changes');
    await source.destroy();
  });
});
