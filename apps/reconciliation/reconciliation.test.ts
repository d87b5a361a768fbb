import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AsyncMicroserviceOptions } from '@nestjs/microservices';
import type { z } from 'zod';
import { dataHash } from '#contracts/cloud-event.js';
import type { PriceBook } from '#contracts/price-book.js';
import { getPriceBook } from '#contracts/requests/prices.js';
import {
  clickhouseCells,
  clickhouseEvents,
  generalLedgerTotals,
  getRun,
  ledgerCells,
  ledgerEvents,
  listRuns,
  recomputedCells,
  recomputedEvents,
  type ReconciliationEvent,
  runReconciliation,
} from '#contracts/requests/reconciliation.js';
import { usageSubject } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { ask } from '#jetstream/ask.js';
import { connectNats } from '#jetstream/connect.js';
import { exampleUsageEvent } from '#jetstream/event.fixture.js';
import { Answers, ConsumesEvents, type Delivered, type Rejection } from '#jetstream/handlers.js';
import { JetStreamModule, jetStreamTransport } from '#jetstream/jetstream.module.js';
import { publishEvents } from '#jetstream/publish.js';
import { formatAmount } from '#money/pico.js';
import { createDataSource } from '#postgres/data-source.js';
import { compilePriceBook } from '#rating/compile-price-book.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { addEvent, type Cells, type LoggedEvent } from './cells.js';
import { rateLogged } from './rate-logged.js';
import { startReconciliation } from './start-reconciliation.js';

const book: PriceBook = {
  version: exampleUsageEvent('acme').data.priceVersion,
  publishedAt: '2026-07-24T00:00:00.000Z',
  tariffs: [
    {
      provider: 'openai',
      models: ['gpt-5-mini-2025-08-07'],
      currency: 'USD',
      source: 'https://example.com',
      checkedOn: '2026-07-24',
      rates: [
        {
          tier: 'standard',
          aboveInputTokens: 0,
          unitPrices: {
            'in.fresh.text': '0.00000025',
            'in.cacheRead.text': '0.000000025',
            'out.text': '0.000002',
            'out.reasoning': '0.000002',
          },
        },
      ],
    },
  ],
};
const compiled = compilePriceBook(book);

type CellsRequest = z.infer<typeof ledgerCells.request>;
type EventsRequest = z.infer<typeof ledgerEvents.request>;

/** Stands for the other apps on the wire alone: it holds what it consumed, and tests bend it. */
const held = new Map<string, LoggedEvent>();
/** What the ledger says instead, by event id. */
const bent = new Map<string, LoggedEvent>();
let stuck: Promise<void> | undefined;

function cellsOf(events: Iterable<LoggedEvent>, { orgId }: CellsRequest) {
  const cells: Cells = new Map();
  for (const event of events) if (orgId === undefined || event.scope.orgId === orgId) addEvent(cells, event);
  const items = [...cells.values()].map(({ scope, status, count, contentHash, quantity, money }) => ({
    ...scope,
    status,
    count,
    contentHash: contentHash.toString(),
    quantity: quantity.toString(),
    ...(money && { currency: money.currency, amount: formatAmount(money.amount), cost: formatAmount(money.cost) }),
  }));
  return Promise.resolve({ items });
}

/** One event a page, so that the pages are asked for. */
function eventsOf(events: Iterable<LoggedEvent>, { orgId, hour, model, after }: EventsRequest) {
  const [first, second] = [...events]
    .filter(({ scope }) => scope.orgId === orgId && scope.hour === hour && scope.model === model)
    .filter(({ eventId }) => after === undefined || eventId > after)
    .sort((one, other) => (one.eventId < other.eventId ? -1 : 1))
    .map(({ eventId, usageHash, status, quantity, money }): ReconciliationEvent => ({
      eventId,
      usageHash,
      status,
      quantity: quantity.toString(),
      ...(money && { currency: money.currency, amount: formatAmount(money.amount), cost: formatAmount(money.cost) }),
    }));
  return Promise.resolve({
    items: first === undefined ? [] : [first],
    ...(first === undefined || second === undefined ? {} : { next: first.eventId }),
  });
}
const booked = () => [...held.values()].map((event) => bent.get(event.eventId) ?? event);

@Controller()
class OtherApps {
  @ConsumesEvents({ stream: 'usage', consumer: 'pricing', maxEvents: 5000, maxWaitMs: 0 })
  async price(): Promise<readonly Rejection<UsageEvent>[]> {
    await stuck;
    return [];
  }

  @ConsumesEvents({ stream: 'usage', consumer: 'metering-usage', maxEvents: 5000, maxWaitMs: 0 })
  count(deliveries: readonly Delivered<UsageEvent>[]): Promise<readonly Rejection<UsageEvent>[]> {
    const conflicts: Rejection<UsageEvent>[] = [];
    for (const delivered of deliveries) {
      const { event } = delivered;
      const known = held.get(event.id);
      if (known === undefined) held.set(event.id, rateLogged(event, compiled));
      else if (known.usageHash !== event.datahash)
        conflicts.push({ delivered, reason: { code: 'payload_conflict', detail: 'Another content.' } });
    }
    return Promise.resolve(conflicts);
  }

  @Answers(getPriceBook)
  prices() {
    return Promise.resolve(book);
  }
  @Answers(clickhouseCells)
  clickhouseCells(request: CellsRequest) {
    return cellsOf(held.values(), request);
  }
  @Answers(clickhouseEvents)
  clickhouseEvents(request: EventsRequest) {
    return eventsOf(held.values(), request);
  }
  @Answers(recomputedCells)
  recomputedCells(request: CellsRequest) {
    return cellsOf(
      [...held.values()].filter(({ status }) => status === 'charged'),
      request,
    );
  }
  @Answers(recomputedEvents)
  recomputedEvents(request: EventsRequest) {
    return eventsOf(
      [...held.values()].filter(({ status }) => status === 'charged'),
      request,
    );
  }
  @Answers(ledgerCells)
  ledgerCells(request: CellsRequest) {
    return cellsOf(booked(), request);
  }
  @Answers(ledgerEvents)
  ledgerEvents(request: EventsRequest) {
    return eventsOf(booked(), request);
  }
  @Answers(generalLedgerTotals)
  generalLedger() {
    const sum = booked().reduce((total, { money }) => total + (money?.amount ?? 0n), 0n);
    const amount = formatAmount(sum);
    return Promise.resolve({
      totals: [{ orgId: 'acme', currency: 'USD', revenue: amount, cost: amount, charged: amount, chargedCost: amount }],
    });
  }
}

describe('a reconciliation run', () => {
  let nats: TestNats;
  let database: TestDatabase;
  let connection: NatsConnection;
  let app: INestMicroservice;
  let others: INestMicroservice;
  const publish = (org: string, ...events: object[]) => publishEvents(jetstream(connection), usageSubject(org), events);
  const run = (request: z.input<typeof runReconciliation.request> = {}) =>
    ask(connection, runReconciliation, request, { timeoutMs: 40_000 });

  beforeAll(async () => {
    [nats, database] = await Promise.all([testNats(), testDatabase()]);
    @Module({ imports: [JetStreamModule.forRoot({ servers: nats.url, name: 'others' })], controllers: [OtherApps] })
    class Others {}
    others = await NestFactory.createMicroservice<AsyncMicroserviceOptions>(Others, {
      ...jetStreamTransport,
      logger: false,
    });
    await others.listen();
    app = await startReconciliation({
      NATS_URL: nats.url,
      TOLLGATE_NATS_REPLICAS: 1,
      DATABASE_URL: database.url,
      TOLLGATE_LOG_LEVEL: 'error',
    });
    connection = await connectNats({ servers: nats.url, name: 'test' });
  });
  afterAll(async () => {
    await app.close();
    await others.close();
    await connection.close();
    await Promise.all([nats.stop(), database.drop()]);
  });

  it('of an empty log is balanced at 0 ppm', async () => {
    expect(await run()).toMatchObject({
      status: 'balanced',
      cut: { usageSequence: 0 },
      counts: { accepted: 0 },
      grossErrorPpm: 0,
    });
  });

  it('counts each accepted event once, with what became of it', async () => {
    const repeated = exampleUsageEvent('acme', 'repeated');
    const unpriced = exampleUsageEvent('other', 'unpriced');
    const data = { ...unpriced.data, usage: { ...unpriced.data.usage, servedModel: 'unknown' } };
    const conflict = { ...repeated.data, requestId: 'another' };
    await publish('acme', exampleUsageEvent('acme', 'one'), repeated, { not: 'an event' });
    await publish('acme', repeated, { ...repeated, data: conflict, datahash: dataHash(conflict) });
    await publish('other', { ...unpriced, data, datahash: dataHash(data) });
    expect(await run()).toMatchObject({
      status: 'balanced',
      cut: { usageSequence: 3 },
      counts: { accepted: 5, charged: 2, suspended: 1, quarantined: 2, voided: 0 },
      cells: 2,
      totals: [
        {
          currency: 'USD',
          log: '0.0011932',
          clickhouse: '0.0011932',
          recomputed: '0.0011932',
          ledger: '0.0011932',
          generalLedger: '0.0011932',
        },
      ],
      grossErrorPpm: 0,
      breaks: [],
    });
  });

  it('counts an event whose text one store would refuse as quarantined, and everything behind it goes on', async () => {
    const hostile = ['gpt\ud800x', 'gpt\u0000x'].map((servedModel, index) => {
      const event = exampleUsageEvent('hostile', `hostile-${index}`);
      const data = { ...event.data, usage: { ...event.data.usage, servedModel } };
      return { ...event, data, datahash: dataHash(data) };
    });
    await publish('hostile', ...hostile, exampleUsageEvent('hostile', 'behind'));
    expect(await run({ orgId: 'hostile' })).toMatchObject({
      status: 'balanced',
      counts: { accepted: 3, charged: 1, suspended: 0, quarantined: 2, voided: 0 },
    });
  });

  it('looks at one organisation when asked', async () => {
    expect(await run({ orgId: 'other' })).toMatchObject({
      orgId: 'other',
      counts: { accepted: 1, charged: 0, suspended: 1, quarantined: 0 },
      cells: 1,
    });
  });

  it('drills down to the event that a source has wrong, and says by how much', async () => {
    const right = held.get('one');
    if (right?.money === undefined) throw new Error('event one is not charged');
    bent.set('one', { ...right, money: { ...right.money, amount: right.money.amount + 1_000_000n } });
    const found = await run();
    expect(found).toMatchObject({
      status: 'broken',
      breakCount: 1,
      breaks: [{ kind: 'price', source: 'ledger', orgId: 'acme', eventId: 'one', difference: '0.000001' }],
    });
    expect(found.grossErrorPpm).toBeCloseTo((0.000001 / 0.0017898) * 1e6, 6);
    bent.clear();
  });

  it('names both of two opposite errors in one cell, and counts both', async () => {
    for (const [eventId, wrong] of [
      ['one', 1_000_000n],
      ['repeated', -1_000_000n],
    ] as const) {
      const right = held.get(eventId);
      if (right?.money === undefined) throw new Error(`event ${eventId} is not charged`);
      bent.set(eventId, { ...right, money: { ...right.money, amount: right.money.amount + wrong } });
    }
    const found = await run();
    expect(found).toMatchObject({
      status: 'broken',
      breaks: [
        { kind: 'price', source: 'ledger', eventId: 'one', difference: '0.000001' },
        { kind: 'price', source: 'ledger', eventId: 'repeated', difference: '0.000001' },
      ],
    });
    expect(found.grossErrorPpm).toBeCloseTo((0.000002 / 0.0017898) * 1e6, 6);
    bent.clear();
  });

  it('tells an event that is not what its hash says', async () => {
    await publish('acme', { ...exampleUsageEvent('acme', 'forged'), datahash: 'b'.repeat(64) });
    expect((await run()).breaks).toMatchObject([
      { kind: 'hash_mismatch', source: 'pipeline', eventId: 'forged', found: 'b'.repeat(64) },
    ]);
  });

  it('is unsettled, and compares nothing, while the pipeline lags behind the cut', async () => {
    let release: () => void = () => undefined;
    stuck = new Promise((resolve) => (release = resolve));
    await publish('acme', exampleUsageEvent('acme', 'late'));
    const found = await run({ waitMs: 300 });
    expect(found).toMatchObject({
      status: 'unsettled',
      breaks: [{ kind: 'timing', source: 'pipeline', expected: 'pricing has handled USAGE up to 6', found: 'up to 5' }],
    });
    expect(found).not.toHaveProperty('grossErrorPpm');
    release();
    stuck = undefined;
  });

  it('is kept, newest first, and never edited', async () => {
    const last = await run({ orgId: 'acme' });
    const list = await ask(connection, listRuns, { limit: 1 });
    expect(list).toEqual({ items: [last], next: last.id });
    const older = await ask(connection, listRuns, { after: last.id });
    expect(older.items.map(({ status }) => status)).toEqual([
      'unsettled',
      'broken',
      'broken',
      'broken',
      'balanced',
      'balanced',
      'balanced',
      'balanced',
    ]);
    expect(await ask(connection, getRun, { id: last.id })).toEqual(last);
    await expect(ask(connection, getRun, { id: 'none' })).rejects.toMatchObject({ code: 'not_found' });

    const source = await createDataSource({
      url: database.url,
      role: 'tollgate_reconciliation',
      schema: 'reconciliation',
      applicationName: 'test',
    }).initialize();
    await expect(source.query('DELETE FROM run')).rejects.toThrow('permission denied');
    await source.query('SET ROLE NONE');
    await expect(source.query('DELETE FROM reconciliation.run')).rejects.toThrow('never edited');
    await source.destroy();
  });
});
