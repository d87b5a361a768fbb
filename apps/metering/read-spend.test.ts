import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { spend, type SpendRow } from '#contracts/requests/spend.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { formatAmount } from '#money/pico.js';
import { testClickHouse, type TestClickHouse } from '#testing/clickhouse.js';
import { billedModel } from '#usage/usage.js';
import { anyUsage, chargeOf, deliveredUsage, rate, type Sketch } from './metering.fixture.js';
import { projectCharges } from './project-charges.js';
import { readSpend, spendSql } from './read-spend.js';

let engine: TestClickHouse;
beforeAll(async () => void (engine = await testClickHouse()));
afterAll(() => engine.drop());

type Request = Parameters<typeof readSpend>[1];
const dimensions = ['team', 'project', 'key', 'model', 'provider'] as const;
const start = Date.parse('2026-01-31T21:30:00.000Z');
const instant = (afterMs: number) => new Date(start + afterMs).toISOString();
const dayMs = 86_400_000;

const project = (deliveries: readonly Delivered<UsageEvent>[]) =>
  projectCharges(engine.clickhouse, deliveries.map(chargeOf));

/** What the rows must be, added up here, in any order. */
function expectedRows(deliveries: readonly Delivered<UsageEvent>[], request: Request): SpendRow[] {
  const rows = new Map<string, { row: SpendRow; amount: bigint }>();
  for (const delivered of deliveries) {
    const { event } = delivered;
    if (event.time < (request.from ?? '') || event.time >= (request.to ?? '~')) continue;
    const rated = rate(delivered);
    const { teamId, projectId, keyId, usage } = event.data;
    const values = { teamId, projectId, keyId, model: billedModel(usage), provider: usage.provider };
    const names = { team: 'teamId', project: 'projectId', key: 'keyId', model: 'model', provider: 'provider' } as const;
    const group = {
      ...(request.interval && { start: startOf(event.time, request.interval) }),
      ...Object.fromEntries(request.groupBy.map((dimension) => [names[dimension], values[names[dimension]]])),
      ...(rated.status === 'charged' && { currency: rated.currency }),
    };
    const zero = { charged: 0, suspended: 0, voided: 0, inputTokens: 0, outputTokens: 0 };
    const entry = rows.get(JSON.stringify(group)) ?? { row: { ...group, ...zero }, amount: 0n };
    entry.row[rated.status] += 1;
    if (rated.status === 'charged') {
      entry.amount += rated.amount;
      for (const { dimension, quantity } of rated.lines) {
        if (dimension.startsWith('in.')) entry.row.inputTokens += quantity;
        if (dimension.startsWith('out.')) entry.row.outputTokens += quantity;
      }
    }
    rows.set(JSON.stringify(group), entry);
  }
  return [...rows.values()].map(({ row, amount }) =>
    row.currency === undefined ? row : { ...row, amount: formatAmount(amount), cost: formatAmount(amount) },
  );
}

function startOf(time: string, interval: NonNullable<Request['interval']>): string {
  const kept = { hour: 'YYYY-MM-DDTHH', day: 'YYYY-MM-DD', month: 'YYYY-MM' }[interval].length;
  return new Date(time.slice(0, kept) + '2026-01-01T00:00:00.000Z'.slice(kept)).toISOString();
}

const sorted = (rows: readonly SpendRow[]) => rows.map((row) => JSON.stringify(Object.entries(row).sort())).sort();

// Small counts: the sums of an answer are JSON numbers.
const smallUsage = anyUsage.filter(({ usage }) => !JSON.stringify(usage).includes(String(Number.MAX_SAFE_INTEGER)));
const identity = fc.constantFrom('one', 'two', 'three');
const sketch = fc
  .tuple(smallUsage, fc.record({ teamId: identity, projectId: identity, keyId: identity }), fc.nat(2 * dayMs))
  .map(([usage, ids, afterMs]): Sketch => ({ ...usage, ...ids, startedAt: instant(afterMs) }));

describe('spend', () => {
  it('is the sum of the charges of its period, to the millisecond and the last digit', async () => {
    const deliveries = fc.sample(sketch, 2000).map((each, index) => deliveredUsage({ ...each, org: 'spender', index }));
    await project([...deliveries, deliveredUsage({ org: 'somebody-else' })]);
    const times = deliveries.map(({ event }) => event.time);
    const bound = fc.oneof(
      fc.nat(2 * dayMs).map(instant),
      // On an hour, and on an event.
      fc.nat(48).map((hours) => instant(hours * 3_600_000 - 1_800_000)),
      fc.constantFrom(...times),
    );
    const request = fc.record(
      {
        orgId: fc.constant('spender'),
        groupBy: fc.subarray([...dimensions]),
        interval: fc.constantFrom('hour' as const, 'day' as const, 'month' as const),
        from: bound,
        to: bound,
      },
      { requiredKeys: ['orgId', 'groupBy'] },
    );
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const rows = await readSpend(engine.clickhouse, asked);
        expect(spend.reply.parse({ rows })).toEqual({ rows });
        expect(sorted(rows)).toEqual(sorted(expectedRows(deliveries, asked)));
      }),
      { numRuns: 60, endOnFailure: true },
    );
  });

  it('adds up from 10^-12 to 10^15', async () => {
    const usage = (model: string, text: number) => ({
      usage: { requestedModel: model, segments: [{ kind: 'main' as const, in: { fresh: { text } }, out: {} }] },
    });
    await project([
      deliveredUsage({ org: 'extremes', ...usage('dear', 1) }),
      deliveredUsage({ org: 'extremes', ...usage('small', 1) }),
    ]);
    const rows = await readSpend(engine.clickhouse, { orgId: 'extremes', groupBy: [] });
    expect(rows).toMatchObject([{ charged: 2, amount: '1000000000000000.000000000001' }]);
  });

  it('of nothing is no row, and has no amount where nothing was charged', async () => {
    expect(await readSpend(engine.clickhouse, { orgId: 'nobody', groupBy: ['team'] })).toEqual([]);
    await project([deliveredUsage({ org: 'stuck', usage: { requestedModel: 'nobody-knows' } })]);
    expect(await readSpend(engine.clickhouse, { orgId: 'stuck', groupBy: ['model'] })).toEqual([
      { model: 'nobody-knows', charged: 0, suspended: 1, voided: 0, inputTokens: 0, outputTokens: 0 },
    ]);
  });

  it('takes the names of models and organisations for what they are', async () => {
    const model = `x', 1); DROP TABLE charges; -- {org:String} \\' " \` \u0000 💶`;
    await project([deliveredUsage({ org: 'little-bobby', usage: { requestedModel: model } })]);
    const [row] = await readSpend(engine.clickhouse, { orgId: 'little-bobby', groupBy: ['model'] });
    expect(row).toMatchObject({ model, suspended: 1 });
    expect(await readSpend(engine.clickhouse, { orgId: "' OR 1 = 1 --", groupBy: [] })).toEqual([]);
  });

  it('asks to narrow what is too much', async () => {
    await project(
      Array.from({ length: 10_001 }, (_, index) => deliveredUsage({ org: 'large', keyId: `key-${index}` })),
    );
    await expect(readSpend(engine.clickhouse, { orgId: 'large', groupBy: ['key'] })).rejects.toMatchObject({
      code: 'invalid',
      message: 'There are more than 10000 rows: ask for less time, or group by less.',
    });
    expect(await readSpend(engine.clickhouse, { orgId: 'large', groupBy: ['team'] })).toHaveLength(1);
  });

  it('reads whole hours from the projection', async () => {
    const explained = await engine.clickhouse.query<{ explain: string }>(
      `EXPLAIN ${spendSql({ orgId: 'large', groupBy: ['team', 'model'], interval: 'day' })}`,
      {
        org: 'large',
        from: '1970-01-01 00:00:00.000',
        to: '2100-01-01 00:00:00.000',
        fromHour: '1970-01-01 00:00:00',
        wholeFrom: '1970-01-01 00:00:00',
        toHour: '2100-01-01 00:00:00',
      },
    );
    expect(explained.map(({ explain }) => explain).join('\n')).toContain('ReadFromMergeTree (spend)');
  });
});
