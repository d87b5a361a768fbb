import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bookCharges } from './book-charges.js';
import { type ChargeSketch, deliveredCharge } from './charge-event.fixture.js';
import { readAccounts, readTrialBalance } from './read-accounts.js';
import { readEntries } from './read-entries.js';
import { readGeneralLedgerTotals } from './read-general-ledger.js';
import { readCells, readEvents } from './read-sub-ledger.js';
import { type TestLedger, testLedger } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';

const hour = '2026-07-24T10:00:00.000Z';
const everything = { cut: { usageSequence: Number.MAX_SAFE_INTEGER } };

const booked: readonly ChargeSketch[] = [
  { id: 'a', amount: 30n, cost: 20n, sequence: 1, quantity: 100 },
  { id: 'b', amount: 12n, sequence: 2, quantity: 7, effectiveAt: '2026-07-24T10:59:59.999Z' },
  { id: 'c', amount: 5n, sequence: 3, effectiveAt: '2026-07-24T11:00:00.000Z' },
  { id: 'd', sequence: 4, quantity: 9 },
  { id: 'e', amount: 1n, sequence: 5, currency: 'EUR' },
  { id: 'f', amount: 2n, sequence: 6, model: 'claude-sonnet-4-5', provider: 'anthropic' },
  { id: 'a', org: 'other', amount: 1_000n, sequence: 7 },
];

/** The same fold as the contract words it, by other means than the ledger's SQL. */
function contentHash(...ids: readonly string[]): string {
  const heads = ids.map((wanted) => {
    const sketch = booked.find(({ id, org }) => id === wanted && org === undefined) ?? { id: wanted };
    const { quantity = 10, amount = '', cost = amount } = sketch;
    const content = `${wanted} ${deliveredCharge(sketch).event.data.usageHash} ${quantity} ${amount} ${cost}`;
    return createHash('sha256').update(content).digest().readBigUInt64BE();
  });
  return BigInt.asUintN(
    64,
    heads.reduce((sum, head) => sum + head, 0n),
  ).toString();
}

/** Every item of a list, read in pages of two. */
async function allPages<Item>(
  read: (page: { after?: string; limit: number }) => Promise<{ items: Item[]; next?: string | undefined }>,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let after: string | undefined; ;) {
    const page = await read({ limit: 2, ...(after === undefined ? {} : { after }) });
    expect(page.items.length).toBeLessThanOrEqual(2);
    items.push(...page.items);
    if (page.next === undefined) return items;
    after = page.next;
  }
}

describe('reading the ledger', () => {
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await testLedger();
    await bookCharges(ledger.source, booked.map(deliveredCharge));
    await topUpWallet(ledger.source, { orgId: 'acme', currency: 'USD', amount: '1', idempotencyKey: 'k' });
  });
  afterAll(() => ledger.close());

  it('lists accounts by name in pages, of the organisation asked for only', async () => {
    const accounts = await allPages((page) => readAccounts(ledger.source, { orgId: 'acme', ...page }));
    expect(accounts.map(({ name, currency, balance }) => `${name} ${currency} ${balance}`)).toEqual([
      'cash-clearing USD 1',
      'cost-of-sales:anthropic USD 0.000000000002',
      'cost-of-sales:openai EUR 0.000000000001',
      'cost-of-sales:openai USD 0.000000000037',
      'customer-wallet EUR -0.000000000001',
      'customer-wallet USD 0.999999999951',
      'provider-clearing:anthropic USD 0.000000000002',
      'provider-clearing:openai EUR 0.000000000001',
      'provider-clearing:openai USD 0.000000000037',
      'usage-revenue:anthropic USD 0.000000000002',
      'usage-revenue:openai EUR 0.000000000001',
      'usage-revenue:openai USD 0.000000000047',
    ]);
    expect(new Set(accounts.map(({ orgId }) => orgId))).toEqual(new Set(['acme']));
    expect(await readAccounts(ledger.source, { orgId: 'nobody' })).toEqual({ items: [] });
  });

  it('lists entries newest first, both sides of each posting', async () => {
    const entries = await allPages((page) => readEntries(ledger.source, { orgId: 'acme', ...page }));
    expect(entries.slice(0, 2).map(({ kind, account, side, amount }) => [kind, account, side, amount])).toEqual([
      ['top_up', 'cash-clearing', 'debit', '1'],
      ['top_up', 'customer-wallet', 'credit', '1'],
    ]);
    const ids = entries.map(({ postingId }) => Number(postingId));
    expect(ids).toEqual(ids.toSorted((a, b) => b - a));
    expect(entries).toHaveLength(2 * new Set(ids).size);
  });

  it('lists the entries of one account', async () => {
    const entries = await allPages((page) =>
      readEntries(ledger.source, { orgId: 'acme', account: 'customer-wallet', ...page }),
    );
    expect(entries.map(({ side, amount, currency }) => `${side} ${amount} ${currency}`).sort()).toEqual([
      'credit 1 USD',
      'debit 0.000000000001 EUR',
      'debit 0.000000000002 USD',
      'debit 0.000000000047 USD',
    ]);
  });

  it('dates a transaction by when it happened and by when it was posted', async () => {
    const { items } = await readEntries(ledger.source, { orgId: 'acme', account: 'usage-revenue:openai' });
    expect(items.map(({ effectiveAt }) => effectiveAt)).toEqual([
      '2026-07-24T10:15:00.000Z',
      '2026-07-24T11:00:00.000Z',
    ]);
    for (const { postedAt } of items) expect(Math.abs(Date.parse(postedAt) - Date.now())).toBeLessThan(60_000);
  });

  it('adds the trial balance up to zero, per currency, for one organisation and for all', async () => {
    const own = await readTrialBalance(ledger.source, { orgId: 'acme' });
    expect(own.totals).toEqual([
      { currency: 'EUR', debits: '0.000000000002', credits: '0.000000000002', balanced: true },
      { currency: 'USD', debits: '1.000000000088', credits: '1.000000000088', balanced: true },
    ]);
    const all = await readTrialBalance(ledger.source, {});
    expect(all.totals.map(({ balanced }) => balanced)).toEqual([true, true]);
    expect(all.rows.length).toBe(own.rows.length + 4);
  });

  it('adds the sub-ledger up by hour, model, status and currency', async () => {
    const cells = await allPages((page) => readCells(ledger.source, { orgId: 'acme', ...everything, ...page }));
    const cell = { orgId: 'acme', hour, model: 'gpt-5-mini' };
    expect(cells).toEqual([
      {
        ...cell,
        model: 'claude-sonnet-4-5',
        status: 'charged',
        count: 1,
        contentHash: contentHash('f'),
        quantity: '10',
        currency: 'USD',
        amount: '0.000000000002',
        cost: '0.000000000002',
      },
      {
        ...cell,
        status: 'charged',
        count: 1,
        contentHash: contentHash('e'),
        quantity: '10',
        currency: 'EUR',
        amount: '0.000000000001',
        cost: '0.000000000001',
      },
      {
        ...cell,
        status: 'charged',
        count: 2,
        contentHash: contentHash('a', 'b'),
        quantity: '107',
        currency: 'USD',
        amount: '0.000000000042',
        cost: '0.000000000032',
      },
      { ...cell, status: 'suspended', count: 1, contentHash: contentHash('d'), quantity: '9' },
      {
        ...cell,
        hour: '2026-07-24T11:00:00.000Z',
        status: 'charged',
        count: 1,
        contentHash: contentHash('c'),
        quantity: '10',
        currency: 'USD',
        amount: '0.000000000005',
        cost: '0.000000000005',
      },
    ]);
  });

  it('looks no further than the cut', async () => {
    const { items } = await readCells(ledger.source, { cut: { usageSequence: 1 } });
    expect(items.map(({ count }) => count)).toEqual([1]);
    expect((await readCells(ledger.source, { cut: { usageSequence: 0 } })).items).toEqual([]);
  });

  it('covers every organisation when none is named', async () => {
    const { items } = await readCells(ledger.source, everything);
    expect(new Set(items.map(({ orgId }) => orgId))).toEqual(new Set(['acme', 'other']));
  });

  it('drills a cell down to its events', async () => {
    const events = await allPages((page) =>
      readEvents(ledger.source, { orgId: 'acme', hour, model: 'gpt-5-mini', ...everything, ...page }),
    );
    expect(events.map(({ eventId }) => eventId)).toEqual(['a', 'b', 'd', 'e']);
    const [first] = booked.map(deliveredCharge);
    expect(events[0]).toEqual({
      eventId: 'a',
      usageHash: first?.event.data.usageHash,
      status: 'charged',
      quantity: '100',
      currency: 'USD',
      amount: '0.00000000003',
      cost: '0.00000000002',
    });
    expect(events[2]).toMatchObject({ eventId: 'd', status: 'suspended', quantity: '9' });
    expect(events[2]).not.toHaveProperty('amount');
  });

  it('compares the general ledger with the sub-ledger', async () => {
    const { totals } = await readGeneralLedgerTotals(ledger.source, { orgId: 'acme' });
    const money = {
      revenue: '0.000000000049',
      cost: '0.000000000039',
      charged: '0.000000000049',
      chargedCost: '0.000000000039',
    };
    expect(totals).toContainEqual({ orgId: 'acme', currency: 'USD', ...money });
    expect(totals).toHaveLength(2);
  });

  it.each(['', 'nonsense', Buffer.from('["one"]').toString('base64url'), Buffer.from('[1,2]').toString('base64url')])(
    'refuses the cursor %j',
    async (after) => {
      await expect(readAccounts(ledger.source, { orgId: 'acme', after })).rejects.toMatchObject({ code: 'invalid' });
    },
  );
});
