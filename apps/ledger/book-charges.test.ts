import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { eventually } from '#jetstream/eventually.fixture.js';
import { bookCharges } from './book-charges.js';
import { addBudget } from './budgets/create-budget.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { budgetRequest } from './leases/leases.fixture.js';
import { balancesOf, type TestLedger, testLedger, unsoundness, wrongs } from './test-ledger.fixture.js';

describe('booking charges', () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await testLedger()));
  afterAll(() => ledger.close());

  const book = (...sketches: Parameters<typeof deliveredCharge>[0][]) =>
    bookCharges(ledger.source, sketches.map(deliveredCharge));
  const charges = async (org: string) =>
    ledger.source.query<{ event_id: string; status: string; amount: string | null; cost: string | null }[]>(
      'SELECT event_id, status, amount, cost FROM charge WHERE org_id = $1 ORDER BY event_id',
      [org],
    );
  const transactionCount = async (org: string) =>
    (await ledger.source.query<unknown[]>('SELECT FROM transaction WHERE org_id = $1', [org])).length;

  it('posts revenue and provider cost of a batch, one transaction per organisation and currency', async () => {
    await book(
      { org: 'books', id: 'a', amount: 12_345n, cost: 12_000n },
      { org: 'books', id: 'b', amount: 1n, provider: 'anthropic' },
      { org: 'books', id: 'c', amount: 5n },
      { org: 'books', id: 'd', amount: 7n, currency: 'EUR' },
      { org: 'shops', id: 'a', amount: 9n },
    );
    expect(await balancesOf(ledger.source, 'books')).toEqual({
      'customer-wallet EUR': '-0.000000000007',
      'cost-of-sales:openai EUR': '0.000000000007',
      'provider-clearing:openai EUR': '0.000000000007',
      'usage-revenue:openai EUR': '0.000000000007',
      'customer-wallet USD': '-0.000000012351',
      'cost-of-sales:anthropic USD': '0.000000000001',
      'provider-clearing:anthropic USD': '0.000000000001',
      'usage-revenue:anthropic USD': '0.000000000001',
      'cost-of-sales:openai USD': '0.000000012005',
      'provider-clearing:openai USD': '0.000000012005',
      'usage-revenue:openai USD': '0.00000001235',
    });
    expect(await transactionCount('books')).toBe(2);
    expect(await transactionCount('shops')).toBe(1);
    expect(await unsoundness(ledger.source)).toEqual([]);
  });

  it('books a redelivered batch once, however late it comes: fault 24', async () => {
    const batch = [
      { org: 'late', id: 'a', amount: 10n },
      { org: 'late', id: 'b', amount: 20n },
    ];
    await book(...batch);
    expect(await book(...batch, { org: 'late', id: 'c', amount: 40n })).toEqual([]);
    expect(await book(...batch, ...batch)).toEqual([]);
    expect(await charges('late')).toHaveLength(3);
    expect((await balancesOf(ledger.source, 'late'))['usage-revenue:openai USD']).toBe('0.00000000007');
    expect(await transactionCount('late')).toBe(2);
  });

  it('books an event once that stands twice in one batch', async () => {
    expect(await book({ org: 'twin', id: 'a', amount: 3n }, { org: 'twin', id: 'a', amount: 3n })).toEqual([]);
    expect((await balancesOf(ledger.source, 'twin'))['usage-revenue:openai USD']).toBe('0.000000000003');
  });

  it('rejects other content under the id of a booked event, and of an earlier one in the batch', async () => {
    await book({ org: 'fake', id: 'a', amount: 3n });
    const rejections = await book(
      { org: 'fake', id: 'a', amount: 4n, content: 'other' },
      { org: 'fake', id: 'b', amount: 5n },
      { org: 'fake', id: 'b', amount: 6n, content: 'other' },
    );
    expect(rejections.map(({ delivered, reason }) => [delivered.event.id, reason.code])).toEqual([
      ['a', 'payload_conflict'],
      ['b', 'payload_conflict'],
    ]);
    expect((await charges('fake')).map(({ event_id, amount }) => [event_id, amount])).toEqual([
      ['a', '3'],
      ['b', '5'],
    ]);
  });

  it('keeps an event without a price on the books, with no amount at all: absent is not zero', async () => {
    await book({ org: 'open', id: 'a' }, { org: 'open', id: 'b', amount: 0n });
    expect(await charges('open')).toEqual([
      { event_id: 'a', status: 'suspended', amount: null, cost: null },
      { event_id: 'b', status: 'charged', amount: '0', cost: '0' },
    ]);
    expect(await balancesOf(ledger.source, 'open')).toEqual({});
    expect(await transactionCount('open')).toBe(1);
  });

  it.each([
    ['below zero', { amount: -1n }],
    ['with a cost below zero', { amount: 1n, cost: -1n }],
    ['beyond 10^15 main units', { amount: 10n ** 27n + 1n }],
    ['with a NUL, which Postgres cannot hold', { amount: 1n, model: 'gpt\0' }],
    ['of the year 0', { amount: 1n, effectiveAt: '0000-01-01T00:00:00.000Z' }],
  ])('rejects a charge %s, and books those around it', async (what, sketch) => {
    const org = `odd${what.length}`;
    const sound = Array.from({ length: 9 }, (_, index) => ({ org, id: `s${index}`, amount: 1n }));
    const rejections = await book(...sound.slice(0, 4), { org, id: 'odd', ...sketch }, ...sound.slice(4));
    expect(rejections.map(({ delivered, reason }) => [delivered.event.id, reason.code])).toEqual([['odd', 'invalid']]);
    expect(await charges(org)).toHaveLength(9);
  });

  it('books usage of the last nanosecond of a month in that month and day, in the budget too', async () => {
    const march = new Date('2026-03-01T00:00:00Z');
    await addBudget(ledger.source, budgetRequest({ orgId: 'last', amount: '1', period: 'day' }), march);
    const effectiveAt = '2026-03-31T23:59:59.999999999Z';
    expect(await book({ org: 'last', id: 'a', amount: 1n, effectiveAt })).toEqual([]);
    const [row] = await ledger.source.query<{ charged: string; posted: string }[]>(
      `SELECT c.effective_at::text AS charged, t.period::text AS posted
       FROM charge c JOIN transaction t ON t.id = c.transaction_id WHERE c.org_id = 'last'`,
    );
    expect(row).toEqual({ charged: '2026-03-31 23:59:59.999999+00', posted: '2026-03-01' });
    expect(await wrongs(ledger)).toEqual([]);
  });

  it('rejects a charge whose lines do not add up to it', async () => {
    const delivered = deliveredCharge({ org: 'sums', id: 'a', amount: 5n });
    if (delivered.event.data.rating.status === 'charged') delivered.event.data.rating.amount = '0.000000000006';
    const [rejection] = await bookCharges(ledger.source, [delivered]);
    expect(rejection?.reason).toEqual({
      code: 'invalid',
      detail: 'Event a: its lines do not add up to its amount of 0.000000000006.',
    });
  });

  it('does not lose a picodollar over amounts that floats cannot add: fault 35', async () => {
    const amounts = [10n ** 26n, 1n, 10n ** 26n, 1n, 333_333_333_333n];
    await book(...amounts.map((amount, index) => ({ org: 'exact', id: `e${index}`, amount })));
    expect((await balancesOf(ledger.source, 'exact'))['usage-revenue:openai USD']).toBe('200000000000000.333333333335');
  });

  it('books each event once when two ledgers take overlapping batches at the same time', async () => {
    const other = await ledger.connect();
    const events = Array.from({ length: 400 }, (_, index) => ({ org: 'race', id: `e${index}`, amount: 1n }));
    const batches = Array.from({ length: 12 }, (_, index) => events.slice(index * 20, index * 20 + 180));
    const results = await Promise.all(
      batches.map((batch, index) => bookCharges(index % 2 === 0 ? ledger.source : other, batch.map(deliveredCharge))),
    );
    expect(results.flat()).toEqual([]);
    expect(await charges('race')).toHaveLength(400);
    expect((await balancesOf(ledger.source, 'race'))['usage-revenue:openai USD']).toBe('0.0000000004');
    expect(await unsoundness(ledger.source)).toEqual([]);
  });

  it('leaves nothing behind when its connection is cut before the commit, and books all of it next time: faults 7, 8', async () => {
    const batch = [{ org: 'cut', id: 'a', amount: 3n }];
    const [blocker, killer] = [
      new pg.Client(ledger.database.superuserUrl),
      new pg.Client(ledger.database.superuserUrl),
    ];
    await Promise.all([blocker.connect(), killer.connect()]);
    // Holds the last statement of the turn back: everything else is written, nothing is committed.
    await blocker.query('BEGIN; LOCK TABLE ledger.charge IN EXCLUSIVE MODE');
    const refused = expect(book(...batch)).rejects.toThrow(/terminat/);
    await eventually(async () => {
      const killed = await killer.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE application_name = 'ledger-test' AND query LIKE '%INSERT INTO charge%' AND wait_event_type = 'Lock'`,
      );
      expect(killed.rowCount).toBe(1);
    });
    await refused;
    await blocker.query('ROLLBACK');
    await Promise.all([blocker.end(), killer.end()]);
    expect(await balancesOf(ledger.source, 'cut')).toEqual({});
    await book(...batch);
    expect((await balancesOf(ledger.source, 'cut'))['usage-revenue:openai USD']).toBe('0.000000000003');
  });

  it('agrees with a model that fits in one hand, whatever batches arrive and however often', async () => {
    const sketch = fc.record({
      org: fc.constantFrom('m1', 'm2'),
      id: fc.integer({ min: 0, max: 30 }).map(String),
      amount: fc.option(fc.bigInt({ min: 0n, max: 10n ** 20n }), { nil: undefined }),
      cost: fc.bigInt({ min: 0n, max: 10n ** 20n }),
      currency: fc.constantFrom('USD', 'EUR'),
      provider: fc.constantFrom('openai', 'anthropic'),
      content: fc.constantFrom('one', 'two'),
    });
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(sketch, { maxLength: 20 }), { maxLength: 6 }), async (batches) => {
        round += 1;
        const model = new Map<string, (typeof batches)[0][0]>();
        let conflicts = 0;
        let rejected = 0;
        for (const batch of batches) {
          const mine = batch.map(({ amount, ...one }) => ({
            ...one,
            org: `${one.org}-${round}`,
            ...(amount === undefined ? {} : { amount }),
          }));
          rejected += (await book(...mine)).length;
          for (const one of batch) {
            const key = `${one.org}/${one.id}`;
            const known = model.get(key);
            if (known === undefined) model.set(key, one);
            else if (known.content !== one.content) conflicts += 1;
          }
        }
        expect(rejected).toBe(conflicts);
        for (const org of ['m1', 'm2']) {
          const own = [...model.values()].filter((one) => one.org === org);
          expect(await charges(`${org}-${round}`)).toHaveLength(own.length);
          const revenue = own.reduce((sum, one) => sum + (one.amount ?? 0n), 0n);
          const cost = own.reduce((sum, one) => sum + (one.amount === undefined ? 0n : one.cost), 0n);
          const [row] = await ledger.source.query<{ revenue: string; cost: string }[]>(
            `SELECT coalesce(sum(credits) FILTER (WHERE kind = 'income'), 0) AS revenue,
               coalesce(sum(debits) FILTER (WHERE kind = 'expense'), 0) AS cost
             FROM balance JOIN account ON id = account_id WHERE org_id = $1`,
            [`${org}-${round}`],
          );
          expect(row).toEqual({ revenue: revenue.toString(), cost: cost.toString() });
        }
        expect(await unsoundness(ledger.source)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});
