import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { JetStreamClient, JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import type { Quarantined } from '#contracts/quarantine.js';
import { limits, streams, usageSubject } from '#contracts/streams.js';
import { testNats } from '#testing/nats.js';
import type { TestNats } from '#testing/nats.js';
import { connectNats } from './connect.js';
import { ackFloor, lastSequence } from './progress.js';
import { EventTooLarge, packEvents, park, publishEvents } from './publish.js';
import { ensureConsumer, ensureTopology } from './topology.js';
import { exampleUsageEvent } from './event.fixture.js';

describe('packing events into messages', () => {
  it('keeps every event, in order, within the limits of a message', () => {
    const event = fc.record({
      id: fc.nat(),
      text: fc.string({ unit: 'grapheme', maxLength: 40 }),
      pad: fc.nat(60_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 1500 }), (drawn) => {
        const events = drawn.map(({ id, text, pad }) => ({ id, text, pad: 'x'.repeat(pad) }));
        const payloads = packEvents(events);
        const batches = payloads.map((payload) => JSON.parse(payload.toString()) as object[]);
        expect(batches.flat()).toEqual(events);
        for (const payload of payloads) expect(payload.length).toBeLessThanOrEqual(limits.maxMessageBytes);
        for (const batch of batches) expect(batch.length).toBeLessThanOrEqual(limits.maxEventsPerMessage);
      }),
      { numRuns: 20 },
    );
  });

  it('fills a message: 501 small events are two', () => {
    const payloads = packEvents(Array.from({ length: limits.maxEventsPerMessage + 1 }, (_, id) => ({ id })));
    expect(payloads).toHaveLength(2);
  });

  it('refuses an event that is larger than the log takes, and names it', () => {
    const large = { id: 'e-1', data: 'x'.repeat(limits.maxEventBytes) };
    expect(() => packEvents([{ id: 'e-0' }, large])).toThrow(EventTooLarge);
    expect(() => packEvents([large])).toThrow(/Event e-1 is 65\d+ bytes of JSON; the log takes at most 65536/);
  });
});

describe('the log', () => {
  let nats: TestNats;
  let connection: NatsConnection;
  let js: JetStreamClient;
  let manager: JetStreamManager;

  beforeAll(async () => {
    nats = await testNats();
    connection = await connectNats({ servers: nats.url, name: 'test' });
    js = jetstream(connection);
    manager = await jetstreamManager(connection);
  });
  beforeEach(async () => {
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
    await ensureTopology(connection);
  });
  afterAll(async () => {
    await connection.close();
    await nats.stop();
  });

  const messages = async (stream: string) => (await manager.streams.info(stream)).state.messages;

  it('is made once by several apps that start together, and holds what their contracts say', async () => {
    for await (const { config } of manager.streams.list()) await manager.streams.delete(config.name);
    const apps = await Promise.all(
      ['relay', 'pricing', 'ledger', 'metering'].map((name) => connectNats({ servers: nats.url, name })),
    );
    await Promise.all(apps.map((app) => ensureTopology(app)));
    await Promise.all(apps.map((app) => app.close()));
    const { config } = await manager.streams.info(streams.usage.name);
    expect(config).toMatchObject({
      subjects: ['usage.v1.*'],
      storage: 'file',
      retention: 'limits',
      discard: 'new',
      max_age: 0,
      max_msgs: -1,
      max_bytes: -1,
      duplicate_window: 120e9,
      num_replicas: 1,
    });
    const names: string[] = [];
    for await (const stream of manager.streams.list()) names.push(stream.config.name);
    expect(names.sort()).toEqual([
      ...['ALERTS', 'CHARGES', 'KV_batches', 'KV_channels', 'KV_directory', 'KV_prices', 'KV_rates'],
      ...['LEDGER_HEADS', 'QUARANTINE', 'USAGE'],
    ]);
  });

  it('is brought to its form when an older version left another, without losing a message', async () => {
    await manager.streams.delete(streams.usage.name);
    await manager.streams.add({ name: streams.usage.name, subjects: ['usage.v1.*'], duplicate_window: 60e9 });
    await publishEvents(js, usageSubject('acme'), [exampleUsageEvent('acme')]);
    await ensureTopology(connection);
    expect((await manager.streams.info(streams.usage.name)).config.duplicate_window).toBe(120e9);
    expect(await messages(streams.usage.name)).toBe(1);
  });

  it('holds a payload once that is published again within the duplicate window', async () => {
    const events = Array.from({ length: 1200 }, () => exampleUsageEvent('acme'));
    await publishEvents(js, usageSubject('acme'), events);
    const once = await messages(streams.usage.name);
    await publishEvents(js, usageSubject('acme'), events);
    expect(once).toBeGreaterThan(2);
    expect(await messages(streams.usage.name)).toBe(once);
  });

  it('keeps the order of events and names content type and content hash', async () => {
    const events = Array.from({ length: 6000 }, (_, n) => ({ n }));
    await publishEvents(js, usageSubject('acme'), events);
    const read: unknown[] = [];
    for (let seq = 1; seq <= (await lastSequence(connection, streams.usage.name)); seq++) {
      const message = await manager.streams.getMessage(streams.usage.name, { seq });
      read.push(...(message?.json<unknown[]>() ?? []));
      const hash = createHash('sha256')
        .update(message?.data ?? '')
        .digest('hex');
      expect(message?.header.get('Nats-Msg-Id')).toBe(hash);
      expect(message?.header.get('content-type')).toBe('application/cloudevents-batch+json');
    }
    expect(read).toEqual(events);
  });

  it('takes nothing of a call with one event that is too large', async () => {
    const events = [{ id: 'e-0' }, { id: 'e-1', data: 'x'.repeat(limits.maxEventBytes) }];
    await expect(publishEvents(js, usageSubject('acme'), events)).rejects.toThrow(EventTooLarge);
    expect(await messages(streams.usage.name)).toBe(0);
  });

  it('says so when it did not acknowledge', async () => {
    await manager.streams.delete(streams.usage.name);
    await expect(publishEvents(js, usageSubject('acme'), [{ id: 'e-0' }])).rejects.toThrow(
      'The log did not acknowledge a message on usage.v1.acme: publish it again.',
    );
  });

  it('holds the first of a thing that is parked twice', async () => {
    const item: Quarantined = {
      reason: { code: 'payload_conflict', detail: 'first' },
      parkedBy: 'ledger',
      parkedAt: '2026-07-24T10:00:00.000Z',
      stream: streams.usage.name,
      position: { sequence: 7, index: 3 },
      org: 'acme',
      eventId: 'id with spaces.and.dots',
      dataHash: 'b'.repeat(64),
    };
    await park(js, item);
    await park(js, { ...item, reason: { ...item.reason, detail: 'second' } });
    await park(js, { ...item, dataHash: 'c'.repeat(64) });
    expect(await messages(streams.quarantine.name)).toBe(2);
    const first = await manager.streams.getMessage(streams.quarantine.name, { seq: 1 });
    expect(first?.json()).toEqual(item);
  });

  describe('its progress', () => {
    const { name } = streams.usage;
    const publishOne = () => publishEvents(js, usageSubject('acme'), [exampleUsageEvent('acme')]);
    const durable = { durable_name: 'pricing', ack_policy: 'explicit', deliver_policy: 'all' } as const;
    const next = async () => (await js.consumers.get(name, 'pricing')).next();

    it('is 0 of 0 on an empty stream, with and without a consumer', async () => {
      expect(await lastSequence(connection, name)).toBe(0);
      expect(await ackFloor(connection, name, 'pricing')).toBe(0);
      await ensureConsumer(connection, name, durable);
      expect(await ackFloor(connection, name, 'pricing')).toBe(0);
    });

    it('is 0 while a consumer never consumed', async () => {
      await publishOne();
      await ensureConsumer(connection, name, durable);
      expect(await lastSequence(connection, name)).toBe(1);
      expect(await ackFloor(connection, name, 'pricing')).toBe(0);
    });

    it('is the last message below which all are acknowledged', async () => {
      for (let n = 0; n < 3; n++) await publishOne();
      await ensureConsumer(connection, name, durable);
      const [first, second] = [await next(), await next()];
      await second?.ackAck();
      expect(await ackFloor(connection, name, 'pricing')).toBe(0);
      await first?.ackAck();
      expect(await ackFloor(connection, name, 'pricing')).toBe(2);
      await (await next())?.ackAck();
      expect(await ackFloor(connection, name, 'pricing')).toBe(await lastSequence(connection, name));
    });
  });
});
