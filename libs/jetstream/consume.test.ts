import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Quarantined } from '#contracts/quarantine.js';
import { quarantined } from '#contracts/quarantine.js';
import { chargeSubject, streams, usageSubject } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { testNats } from '#testing/nats.js';
import type { TestNats } from '#testing/nats.js';
import { connectNats } from './connect.js';
import { ConsumeLoop } from './consume.js';
import type { BatchHandler } from './consume.js';
import { eventually } from './eventually.fixture.js';
import type { AnyEvent, Delivered } from './handlers.js';
import { ackFloor, lastSequence } from './progress.js';
import { publishEvents } from './publish.js';
import { ensureTopology } from './topology.js';
import { exampleChargeEvent, exampleUsageEvent } from './event.fixture.js';

const USAGE = streams.usage.name;
const consumer = 'pricing';

describe('a consumer of the log', () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let js: JetStreamClient;
  let manager: JetStreamManager;
  let loops: ConsumeLoop[] = [];

  beforeAll(async () => {
    // Failing handlers are what is tested here: their log lines would only be noise.
    Logger.overrideLogger(false);
    nats = await testNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
    js = jetstream(connection);
    manager = await jetstreamManager(connection);
  });
  beforeEach(() => ensureTopology(connection));
  afterEach(async () => {
    await Promise.all(loops.map((loop) => loop.close()));
    loops = [];
    for (const { name } of Object.values(streams)) await manager.streams.delete(name);
  });
  afterAll(async () => {
    await connection.close();
    await nats.stop();
  });

  function consume(handle: BatchHandler, o: { maxEvents?: number } = {}): ConsumeLoop {
    const options = { stream: 'usage', consumer, maxEvents: o.maxEvents ?? 5000, maxWaitMs: 50 } as const;
    const loop = new ConsumeLoop(connection, options, handle);
    loops.push(loop);
    loop.start();
    return loop;
  }

  const someEvents = (count: number) => Array.from({ length: count }, () => exampleUsageEvent('acme'));
  const ids = (events: readonly AnyEvent[]) => events.map(({ id }) => id);
  const eventsOf = (deliveries: readonly Delivered<AnyEvent>[]) => deliveries.map(({ event }) => event);
  const publish = (events: readonly UsageEvent[]) => publishEvents(js, usageSubject('acme'), events);
  const publishRaw = (payload: string | Uint8Array) => js.publish(usageSubject('acme'), payload);
  const allAcknowledged = () =>
    eventually(async () =>
      expect(await ackFloor(connection, USAGE, consumer)).toBe(await lastSequence(connection, USAGE)),
    );

  async function parked(): Promise<Quarantined[]> {
    const { state } = await manager.streams.info(streams.quarantine.name);
    const items: Quarantined[] = [];
    for (let seq = 1; seq <= state.last_seq; seq++) {
      const message = await manager.streams.getMessage(streams.quarantine.name, { seq });
      items.push(quarantined.parse(message?.json()));
    }
    return items;
  }

  it('hands over the events of many messages in order, with their places, and acknowledges them', async () => {
    const events = someEvents(7);
    await publish(events.slice(0, 3));
    await publish(events.slice(3));
    const deliveries: Delivered<AnyEvent>[] = [];
    consume((batch) => Promise.resolve((deliveries.push(...batch), [])));
    await allAcknowledged();
    expect(eventsOf(deliveries)).toEqual(events);
    expect(deliveries.map(({ position }) => [position.sequence, position.index])).toEqual([
      ...[0, 1, 2].map((index) => [1, index]),
      ...[0, 1, 2, 3].map((index) => [2, index]),
    ]);
  });

  it('starts at the beginning of the log, however late it is created, and goes on where it was closed', async () => {
    const events = someEvents(4);
    await publish(events.slice(0, 2));
    const seen: string[] = [];
    const collect: BatchHandler = (batch) => Promise.resolve((seen.push(...ids(eventsOf(batch))), []));
    const first = consume(collect);
    await allAcknowledged();
    await first.close();
    await publish(events.slice(2));
    consume(collect);
    await allAcknowledged();
    expect(seen).toEqual(ids(events));
  });

  it('never hands over more than maxEvents, unless one message alone holds more', async () => {
    for (let message = 0; message < 10; message++) await publish(someEvents(40));
    await publish(someEvents(150));
    const sizes: number[] = [];
    consume((batch) => Promise.resolve((sizes.push(batch.length), [])), { maxEvents: 100 });
    await allAcknowledged();
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(550);
    expect(Math.max(...sizes.filter((size) => size !== 150))).toBeLessThanOrEqual(100);
  });

  it('delivers all of a batch again when its handler throws, until it does not', async () => {
    const events = someEvents(5);
    await publish(events.slice(0, 3));
    await publish(events.slice(3));
    let attempts = 0;
    const booked = new Set<string>();
    consume((batch) => {
      if (++attempts <= 3) return Promise.reject(new Error('The database is down.'));
      for (const { event } of batch) booked.add(event.id);
      return Promise.resolve([]);
    });
    await allAcknowledged();
    expect([...booked].sort()).toEqual(ids(events).sort());
    expect(await parked()).toEqual([]);
  });

  it('lets healthy messages pass a poisonous one, which stays unacknowledged', async () => {
    const poison = exampleUsageEvent('acme');
    const healthy = someEvents(3);
    const before = [healthy[0]!];
    await publish(before);
    await publish([poison]);
    for (const event of healthy.slice(1)) await publish([event]);
    const booked = new Set<string>();
    consume((batch) => {
      if (batch.some(({ event }) => event.id === poison.id)) return Promise.reject(new Error('A bug.'));
      for (const { event } of batch) booked.add(event.id);
      return Promise.resolve([]);
    });
    await eventually(() => expect([...booked].sort()).toEqual(ids(healthy).sort()));
    await eventually(async () => expect(await ackFloor(connection, USAGE, consumer)).toBe(1));
  });

  it('parks an invalid event in the middle of a batch and handles the rest', async () => {
    const events = someEvents(3);
    const invalid = { ...events[1]!, data: { ...events[1]!.data, attempt: -1 } };
    await publishRaw(JSON.stringify([events[0], invalid, events[2]]));
    const seen: string[] = [];
    consume((batch) => Promise.resolve((seen.push(...ids(eventsOf(batch))), [])));
    await allAcknowledged();
    expect(seen).toEqual([events[0]!.id, events[2]!.id]);
    expect(await parked()).toEqual([
      expect.objectContaining({
        reason: { code: 'invalid', detail: expect.stringContaining('data.attempt') },
        parkedBy: consumer,
        stream: USAGE,
        position: { sequence: 1, index: 1 },
        org: 'acme',
        eventId: invalid.id,
        dataHash: invalid.datahash,
      }),
    ]);
  });

  it('parks an event of another organisation than its subject names', async () => {
    const stranger = exampleUsageEvent('globex');
    await publish([stranger]);
    consume(() => Promise.reject(new Error('No handler may see it.')));
    await allAcknowledged();
    const [item] = await parked();
    expect(item).toMatchObject({ org: 'acme', eventId: stranger.id, reason: { code: 'invalid' } });
    expect(item?.reason.detail).toContain('globex');
  });

  it('parks messages that cannot be read at all, without quoting them', async () => {
    await publishRaw('{"not": "an array"}');
    await publishRaw('["a secret in broken JSON');
    await publishRaw(Uint8Array.of(0x5b, 0xff, 0x5d));
    await publishRaw(`[${'0,'.repeat(200_000)}0]`);
    await publishRaw('[]');
    await publish(someEvents(1));
    let handled = 0;
    consume((batch) => Promise.resolve(((handled += batch.length), [])));
    await allAcknowledged();
    expect(handled).toBe(1);
    const items = await parked();
    expect(items.map(({ reason, position }) => [reason.code, position.sequence])).toEqual([
      ['undecodable', 1],
      ['undecodable', 2],
      ['undecodable', 3],
      ['undecodable', 4],
    ]);
    expect(JSON.stringify(items)).not.toContain('secret');
  });

  it("parks a handler's rejections before it acknowledges the batch", async () => {
    const events = someEvents(2);
    await publish(events);
    const reason = { code: 'payload_conflict', detail: 'It was booked with another content.' } as const;
    consume((batch) => Promise.resolve([{ delivered: batch[1]!, reason }]));
    await allAcknowledged();
    expect(await parked()).toEqual([
      expect.objectContaining({ reason, eventId: events[1]!.id, dataHash: events[1]!.datahash, org: 'acme' }),
    ]);
  });

  it('parks a rejected charge, and an invalid one, as the usage event that it stands for', async () => {
    const usage = exampleUsageEvent('acme');
    const position = { sequence: 41, index: 7 };
    const charge = exampleChargeEvent(usage, position);
    const broken = exampleChargeEvent(exampleUsageEvent('acme'), position);
    await publishEvents(js, chargeSubject('acme'), [charge, { ...broken, time: 'yesterday' }]);
    const reason = { code: 'payload_conflict', detail: 'It was booked with another content.' } as const;
    const options = { stream: 'charges', consumer: 'ledger', maxEvents: 10, maxWaitMs: 10 } as const;
    const ledger = new ConsumeLoop(connection, options, ([delivered]) =>
      Promise.resolve([{ delivered: delivered!, reason }]),
    );
    loops.push(ledger);
    ledger.start();
    await eventually(async () => expect(await parked()).toHaveLength(2));
    const [invalid, rejected] = await parked();
    const place = { stream: USAGE, position, org: 'acme', parkedBy: 'ledger' };
    expect(rejected).toMatchObject({ ...place, reason, eventId: usage.id, dataHash: usage.datahash });
    expect(invalid).toMatchObject({ ...place, eventId: broken.id, dataHash: broken.data.usageHash });
    expect(invalid?.reason.code).toBe('invalid');
  });

  it('parks a thing once, though two consumers park it', async () => {
    await publishRaw(JSON.stringify([{ ...exampleUsageEvent('acme'), specversion: '0.3' }]));
    const another = new ConsumeLoop(
      connection,
      { stream: 'usage', consumer: 'metering-usage', maxEvents: 10, maxWaitMs: 10 },
      () => Promise.resolve([]),
    );
    loops.push(another);
    another.start();
    consume(() => Promise.resolve([]));
    await allAcknowledged();
    await eventually(async () => expect(await ackFloor(connection, USAGE, 'metering-usage')).toBe(1));
    expect(await parked()).toHaveLength(1);
  });

  it('keeps a batch that takes longer than the acknowledgement deadline', async () => {
    await publish(someEvents(1));
    await publish(someEvents(1));
    const sizes: number[] = [];
    consume(
      async (batch) => {
        sizes.push(batch.length);
        if (sizes.length === 1) await delay(7_000);
        return [];
      },
      { maxEvents: 1 },
    );
    await eventually(async () => expect(await ackFloor(connection, USAGE, consumer)).toBe(2));
    expect(sizes).toEqual([1, 1]);
  });

  it('waits for the running handler when it closes, and gives back at once what it had only fetched', async () => {
    const events = someEvents(2);
    for (const event of events) await publish([event]);
    let finished = false;
    let begun = () => undefined as void;
    const running = new Promise<void>((resolve) => (begun = resolve));
    const first = consume(
      async () => {
        begun();
        await delay(300);
        finished = true;
        return [];
      },
      { maxEvents: 1 },
    );
    await running;
    await first.close();
    expect(finished).toBe(true);

    const seen: string[] = [];
    const startedAt = Date.now();
    consume((batch) => Promise.resolve((seen.push(...ids(eventsOf(batch))), [])));
    await allAcknowledged();
    expect(seen).toEqual([events[1]!.id]);
    expect(Date.now() - startedAt).toBeLessThan(2_500);
  });

  it('shares a durable consumer among workers', async () => {
    const events = someEvents(300);
    const seen = [new Set<string>(), new Set<string>()];
    for (const mine of seen) {
      consume(
        async (batch) => {
          for (const { event } of batch) mine.add(event.id);
          await delay(5);
          return [];
        },
        { maxEvents: 1 },
      );
    }
    for (const event of events) await publish([event]);
    await allAcknowledged();
    expect([...seen[0]!, ...seen[1]!].sort()).toEqual(ids(events).sort());
    for (const mine of seen) expect(mine.size).toBeGreaterThan(0);
  });

  it('waits for a stream that is not there yet', async () => {
    await manager.streams.delete(USAGE);
    const seen: string[] = [];
    consume((batch) => Promise.resolve((seen.push(...ids(eventsOf(batch))), [])));
    await delay(300);
    await ensureTopology(connection);
    const events = someEvents(1);
    await publish(events);
    await allAcknowledged();
    expect(seen).toEqual(ids(events));
  });

  it('creates its consumer again when somebody deleted it, and reads the log once more', async () => {
    const events = someEvents(2);
    await publish([events[0]!]);
    const seen = new Set<string>();
    consume((batch) => Promise.resolve((batch.forEach(({ event }) => seen.add(event.id)), [])));
    await allAcknowledged();
    await manager.consumers.delete(USAGE, consumer);
    await publish([events[1]!]);
    await eventually(() => expect([...seen]).toEqual(ids(events)));
    await allAcknowledged();
  });

  it('loses nothing when the broker is killed and started again in the middle', async () => {
    const events = someEvents(20_000);
    for (let at = 0; at < events.length; at += 100) await publish(events.slice(at, at + 100));
    const seen = new Set<string>();
    consume(
      async (batch) => {
        for (const { event } of batch) seen.add(event.id);
        await delay(5);
        return [];
      },
      { maxEvents: 200 },
    );
    await eventually(() => expect(seen.size).toBeGreaterThan(2_000));
    await nats.kill();
    const seenAtKill = seen.size;
    await delay(1_000);
    await nats.restart();
    expect(seenAtKill).toBeLessThan(events.length);
    await eventually(() => expect(seen.size).toBe(events.length), 40_000);
    await eventually(allAcknowledged, 40_000);
    expect(await parked()).toEqual([]);
  });
});
