import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { testClickHouse, type TestClickHouse } from '#testing/clickhouse.js';
import { chargeOf, deliveredUsage } from './metering.fixture.js';
import { projectCharges } from './project-charges.js';
import { projectUsage } from './project-usage.js';

let engine: TestClickHouse;
beforeAll(async () => void (engine = await testClickHouse()));
afterAll(() => engine.drop());

const stored = (table: 'usage_events' | 'charges', org: string) =>
  engine.clickhouse.query<{ event_id: string; usage_hash: string }>(
    `SELECT event_id, usage_hash FROM ${table} WHERE org_id = {org:String} ORDER BY event_id, usage_hash`,
    { org },
  );

const requested = (id: string, requestId: string, org: string, startedAt = '2026-07-24T10:15:00.000Z') =>
  deliveredUsage({ org, id, requestId, startedAt });

describe('the projection', () => {
  it('holds each event once, in whatever batches and however often it is delivered', async () => {
    let run = 0;
    // A delivery is an event's number; some events share an id and differ in content.
    const batches = fc.array(fc.array(fc.nat(11), { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        const org = `projected-${(run += 1)}`;
        const events = Array.from({ length: 12 }, (_, index) => requested(`event-${index % 9}`, `r-${index}`, org));
        const delivered = plan.map((batch) => batch.flatMap((number) => events[number] ?? []));
        for (const batch of delivered) {
          await projectUsage(engine.clickhouse, batch);
          await projectCharges(engine.clickhouse, batch.map(chargeOf));
        }
        const first = new Map<string, string>();
        const contents = new Set<string>();
        for (const { event } of delivered.flat()) {
          if (!first.has(event.id)) first.set(event.id, event.datahash);
          contents.add(`${event.id} ${event.datahash}`);
        }
        const usage = await stored('usage_events', org);
        expect(usage.map((row) => `${row.event_id} ${row.usage_hash}`)).toEqual([...contents].sort());
        const charges = await stored('charges', org);
        expect(new Map(charges.map((row) => [row.event_id, row.usage_hash]))).toEqual(first);
        expect(charges).toHaveLength(first.size);
      }),
      { numRuns: 15, endOnFailure: true },
    );
  });

  it('knows another content of an event though it claims another hour', async () => {
    const id = uuidv7();
    const first = requested(id, 'first', 'liar');
    const second = requested(id, 'second', 'liar', '2020-01-01T00:00:00.000Z');
    for (const delivery of [first, second]) {
      await projectUsage(engine.clickhouse, [delivery]);
      await projectCharges(engine.clickhouse, [chargeOf(delivery)]);
    }
    expect(await stored('charges', 'liar')).toEqual([{ event_id: id, usage_hash: first.event.datahash }]);
    expect(await stored('usage_events', 'liar')).toHaveLength(2);
  });

  it('finds the longest ids of a full batch', async () => {
    const batch = Array.from({ length: 2000 }, (_, index) => requested(`${index}`.padEnd(128, "'€"), 'r', 'wordy'));
    await projectUsage(engine.clickhouse, batch);
    await projectUsage(engine.clickhouse, batch.toReversed());
    expect(await stored('usage_events', 'wordy')).toHaveLength(2000);
  });

  it('does not take equal ids of two organisations for one', async () => {
    const batch = ['twin-a', 'twin-b'].map((org) => requested('same', 'same', org));
    await projectUsage(engine.clickhouse, batch);
    await projectUsage(engine.clickhouse, batch);
    expect(await stored('usage_events', 'twin-a')).toHaveLength(1);
    expect(await stored('usage_events', 'twin-b')).toHaveLength(1);
  });

  it('writes a batch of many hours and organisations as one part', async () => {
    const parts = () =>
      engine.clickhouse.query<{ rows: number }>(
        "SELECT rows FROM system.parts WHERE table = 'usage_events' AND level = 0 AND rows = 3000",
      );
    expect(await parts()).toEqual([]);
    await projectUsage(
      engine.clickhouse,
      Array.from({ length: 3000 }, (_, index) =>
        requested(uuidv7(), 'r', `many-${index % 20}`, new Date(index * 36_000_000).toISOString()),
      ),
    );
    expect(await parts()).toEqual([{ rows: 3000 }]);
  });

  it('keeps what was counted, absent and zero apart', async () => {
    const delivery = deliveredUsage({
      org: 'absent',
      httpStatus: 200,
      usage: {
        servedModel: 'small-1',
        segments: [
          { kind: 'main', in: { fresh: { text: 0 }, cacheRead: { text: 5 } }, out: {} },
          { kind: 'advisor', model: 'big', in: {}, out: { text: 2 } },
        ],
        units: { webSearch: 1 },
        modifiers: { batch: false },
      },
    });
    await projectUsage(engine.clickhouse, [delivery]);
    const rows = await engine.clickhouse.query(
      `SELECT http_status, first_byte_at, requested_model, model, tier_served, batch, raw_sha256,
              line_model, line_dimension, line_quantity, line_input_tokens
       FROM usage_events WHERE org_id = 'absent'`,
    );
    expect(rows).toEqual([
      {
        http_status: 200,
        first_byte_at: null,
        requested_model: 'small',
        model: 'small-1',
        tier_served: null,
        batch: false,
        raw_sha256: null,
        line_model: ['small-1', 'small-1', 'big', 'small-1'],
        line_dimension: ['in.fresh.text', 'in.cacheRead.text', 'out.text', 'units.webSearch'],
        line_quantity: [0, 5, 2, 1],
        line_input_tokens: [5, 5, 0, 0],
      },
    ]);
  });
});
