import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import type { ReconciliationCell } from '#contracts/requests/reconciliation.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { formatAmount } from '#money/pico.js';
import { totalQuantity } from '#rating/total-quantity.js';
import { testClickHouse, type TestClickHouse } from '#testing/clickhouse.js';
import { billedModel } from '#usage/usage.js';
import { chargedEvents } from './charged-events.js';
import { loadPriceBooks } from './load-price-books.js';
import { anyUsage, book, chargeOf, deliveredUsage, rate } from './metering.fixture.js';
import { projectCharges } from './project-charges.js';
import { projectUsage } from './project-usage.js';
import { readCells, readEvents } from './read-cells.js';
import { recomputedEvents } from './recomputed-events.js';

let engine: TestClickHouse;
beforeAll(async () => void (engine = await testClickHouse()));
afterAll(() => engine.drop());

const everything = { usageSequence: 1_000_000 };
const findPriceBook = (version: string) => Promise.resolve(version === book.version ? book : undefined);

async function project(deliveries: readonly Delivered<UsageEvent>[]) {
  await projectUsage(engine.clickhouse, deliveries);
  await projectCharges(engine.clickhouse, deliveries.map(chargeOf));
  await loadPriceBooks(engine.clickhouse, findPriceBook);
}

/** What the cells must be, added up here. */
function expectedCells(deliveries: readonly Delivered<UsageEvent>[]): ReconciliationCell[] {
  const cells = new Map<string, { cell: ReconciliationCell; contentHash: bigint; quantity: bigint; amount: bigint }>();
  for (const delivered of deliveries) {
    const { event } = delivered;
    const rated = rate(delivered);
    const hour = `${event.time.slice(0, 'YYYY-MM-DDTHH'.length)}:00:00.000Z`;
    const model = billedModel(event.data.usage);
    const currency = rated.status === 'charged' ? { currency: rated.currency } : {};
    const name = JSON.stringify([event.org, hour, model, rated.status, currency]);
    const cell = {
      orgId: event.org,
      hour,
      model,
      status: rated.status,
      ...currency,
      count: 0,
      contentHash: '',
      quantity: '',
    };
    const entry = cells.get(name) ?? { cell, contentHash: 0n, quantity: 0n, amount: 0n };
    entry.cell.count += 1;
    const money = rated.status === 'charged' ? `${rated.amount} ${rated.cost}` : ' ';
    const content = `${event.id} ${event.datahash} ${totalQuantity(event.data.usage)} ${money}`;
    entry.contentHash += createHash('sha256').update(content).digest().readBigUInt64BE();
    entry.quantity += totalQuantity(event.data.usage);
    if (rated.status === 'charged') entry.amount += rated.amount;
    cells.set(name, entry);
  }
  return [...cells.values()].map(({ cell, contentHash, quantity, amount }) => ({
    ...cell,
    contentHash: BigInt.asUintN(64, contentHash).toString(),
    quantity: quantity.toString(),
    ...(cell.currency === undefined ? {} : { amount: formatAmount(amount), cost: formatAmount(amount) }),
  }));
}

const sorted = (cells: readonly ReconciliationCell[]) =>
  cells.map((cell) => JSON.stringify(Object.entries(cell).sort())).sort();

describe('the recomputation in SQL', () => {
  it('charges what rating charges, to the last digit, and ClickHouse holds it', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyUsage, { minLength: 150, maxLength: 300 }), async (usages) => {
        const org = `org-${(run += 1)}`;
        const deliveries = usages.map((usage, index) =>
          deliveredUsage({ ...usage, org, index, startedAt: `2026-07-24T1${index % 2}:59:59.999Z` }),
        );
        await project(deliveries);
        const request = { orgId: org, cut: everything };
        const cells = expectedCells(deliveries);
        const charged = await readCells(engine.clickhouse, chargedEvents, request);
        expect(sorted(charged.items)).toEqual(sorted(cells));
        const recomputed = await readCells(engine.clickhouse, recomputedEvents, request);
        expect(sorted(recomputed.items)).toEqual(sorted(cells.filter(({ status }) => status === 'charged')));
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });

  it('is exact from 10^-12 to 10^15', async () => {
    const tokens = (text: number, model: string) => ({
      usage: { requestedModel: model, segments: [{ kind: 'main' as const, in: { fresh: { text } }, out: {} }] },
    });
    const held = [tokens(1, 'small'), tokens(1, 'dear')].map((one) => deliveredUsage({ org: 'extremes', ...one }));
    await project([...held, deliveredUsage({ org: 'extremes', ...tokens(2, 'dear') })]);
    const { items } = await readCells(engine.clickhouse, recomputedEvents, { orgId: 'extremes', cut: everything });
    expect(items.map(({ model, amount }) => [model, amount]).sort()).toEqual([
      ['dear', '1000000000000000'],
      ['small', '0.000000000001'],
    ]);
    expect(sorted(items)).toEqual(sorted(expectedCells(held)));
  });

  it('charges a price of exactly nothing, and no event without a quantity', async () => {
    const zero = deliveredUsage({
      org: 'nothing',
      usage: { segments: [{ kind: 'main', in: { fresh: { text: 0 } }, out: { text: 0 } }] },
    });
    await project([zero, deliveredUsage({ org: 'nothing', usage: { segments: [] } })]);
    const { items } = await readCells(engine.clickhouse, recomputedEvents, { orgId: 'nothing', cut: everything });
    expect(items).toMatchObject([{ count: 1, quantity: '0', amount: '0', cost: '0' }]);
  });

  it('charges the first content of an event on the log, in whatever order the two arrived', async () => {
    const id = uuidv7();
    const text = (text: number) => ({ usage: { segments: [{ kind: 'main' as const, in: {}, out: { text } }] } });
    const first = deliveredUsage({ org: 'contest', id, sequence: 5, ...text(1) });
    const second = deliveredUsage({
      org: 'contest',
      id,
      sequence: 9,
      startedAt: '2026-07-24T12:00:00.000Z',
      ...text(2),
    });
    await projectUsage(engine.clickhouse, [second]);
    await projectUsage(engine.clickhouse, [first]);
    for (const usageSequence of [5, 9]) {
      const request = { orgId: 'contest', cut: { usageSequence } };
      const { items } = await readCells(engine.clickhouse, recomputedEvents, request);
      expect(items).toMatchObject([{ hour: '2026-07-24T10:00:00.000Z', count: 1, quantity: '1' }]);
    }
  });

  it('does not know a price book before it is needed, and asks for it until it is there', async () => {
    const asked: string[] = [];
    await projectUsage(engine.clickhouse, [deliveredUsage({ priceVersion: 'later' })]);
    const find = (answer: typeof book | undefined) => (version: string) => {
      if (version === 'later') asked.push(version);
      return Promise.resolve(version === 'later' ? answer : undefined);
    };
    await loadPriceBooks(engine.clickhouse, find(undefined));
    await loadPriceBooks(engine.clickhouse, find({ ...book, version: 'later' }));
    await loadPriceBooks(engine.clickhouse, find({ ...book, version: 'later' }));
    expect(asked).toEqual(['later', 'later']);
  });
});

describe('the events of a cell', () => {
  it('come a page at a time, up to the cut', async () => {
    const deliveries = Array.from({ length: 25 }, (_, index) =>
      deliveredUsage({ org: 'paged', sequence: 100 + index }),
    );
    await project(deliveries);
    const request = { orgId: 'paged', hour: '2026-07-24T10:00:00.000Z', model: 'small', cut: { usageSequence: 120 } };
    for (const source of [chargedEvents, recomputedEvents]) {
      const ids: string[] = [];
      for (let after: string | undefined, pages = 0; pages < 3; pages += 1) {
        const page = await readEvents(engine.clickhouse, source, { ...request, limit: 10, ...(after && { after }) });
        ids.push(...page.items.map(({ eventId }) => eventId));
        after = page.next;
        expect(after === undefined).toBe(pages === 2);
      }
      expect(ids).toEqual(deliveries.slice(0, 21).map(({ event }) => event.id));
    }
    const { items } = await readEvents(engine.clickhouse, chargedEvents, { ...request, limit: 1 });
    expect(items).toEqual([
      {
        eventId: deliveries[0]?.event.id,
        usageHash: deliveries[0]?.event.datahash,
        status: 'charged',
        currency: 'USD',
        quantity: '13',
        amount: '0.00000075001',
        cost: '0.00000075001',
      },
    ]);
  });
});

describe('cells', () => {
  it('come a page at a time, each once', async () => {
    const deliveries = Array.from({ length: 60 }, (_, index) =>
      deliveredUsage({
        org: `zz-${index % 3}`,
        startedAt: `2026-07-25T0${index % 4}:00:00.000Z`,
        usage: { requestedModel: `model ' ${index % 5}` },
      }),
    );
    await project(deliveries);
    const cells: ReconciliationCell[] = [];
    // From after the other tests' organisations.
    for (let after: string | undefined = `zz 0 ${'0'.repeat(32)}`; after !== undefined;) {
      const page = await readCells(engine.clickhouse, chargedEvents, { cut: everything, limit: 7, after });
      cells.push(...page.items);
      after = page.next;
    }
    expect(sorted(cells)).toEqual(sorted(expectedCells(deliveries)));
  });

  it('tell a cursor that is not theirs', async () => {
    const request = { cut: everything, after: "x' OR 1" };
    await expect(readCells(engine.clickhouse, chargedEvents, request)).rejects.toMatchObject({ code: 'invalid' });
  });

  it('show a charge whose usage is not there by its missing quantity', async () => {
    await projectCharges(engine.clickhouse, [chargeOf(deliveredUsage({ org: 'lost-usage' }))]);
    const { items } = await readCells(engine.clickhouse, chargedEvents, { orgId: 'lost-usage', cut: everything });
    expect(items).toMatchObject([{ count: 1, quantity: '0', amount: '0.00000075001' }]);
  });
});
