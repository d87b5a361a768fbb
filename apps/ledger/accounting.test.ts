import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bookCharges } from './book-charges.js';
import { verifyLedger } from './chain/verify-ledger.js';
import { type ChargeSketch, deliveredCharge } from './charge-event.fixture.js';
import { correctBookedCharge } from './corrections/correct-charge.js';
import { closeMonth } from './periods/close-period.js';
import { readPeriods } from './periods/read-periods.js';
import { readAccounts, readTrialBalance } from './read-accounts.js';
import { readEntries } from './read-entries.js';
import { readAccountLedger } from './reports/read-general-ledger.js';
import { readJournal } from './reports/read-journal.js';
import { readBalanceSheet, readIncomeStatement } from './reports/read-statements.js';
import { readTransaction } from './reports/read-transaction.js';
import { balancesOf, type TestLedger, testLedger } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';
import { giveCredits } from './wallets/grant-credits.js';

let ledger: TestLedger;
beforeAll(async () => void (ledger = await testLedger()));
afterAll(async () => {
  const { results } = await verifyLedger(ledger.database.url);
  await ledger.close();
  expect(results.filter(({ wrong }) => wrong > 0)).toEqual([]);
});

const book = async (...sketches: ChargeSketch[]) =>
  expect(await bookCharges(ledger.source, sketches.map(deliveredCharge))).toEqual([]);
const journalOf = async (orgId: string) => (await readJournal(ledger.source, { orgId })).items;
const usd = (orgId: string) => ({ orgId, currency: 'USD' });

describe('correcting a charge', () => {
  const correct = (orgId: string, eventId: string, [amount, cost]: [string, string], key = `${eventId}-${amount}`) =>
    correctBookedCharge(ledger.source, {
      ...{ ...usd(orgId), eventId, amount, cost, idempotencyKey: key },
      ...{ priceVersion: 'corrected', reason: 'The price book was wrong.' },
    });

  it('reverses it and posts the right one, in one transaction that names the first', async () => {
    await book({ org: 'wrong', id: 'a', amount: 50n, cost: 40n }, { org: 'wrong', id: 'b', amount: 7n, cost: 0n });
    const answer = await correct('wrong', 'a', ['0.00000000002', '0.000000000045']);
    expect(answer).toMatchObject({ amount: '-0.00000000003', cost: '0.000000000005', repeated: false });
    const [original, correction] = await journalOf('wrong');
    expect(correction).toMatchObject({
      ...{ kind: 'correction', corrects: original?.id, memo: 'The price book was wrong.' },
      effectiveAt: original?.effectiveAt,
    });
    expect(correction?.postings.map(({ debit, credit, amount }) => `${debit} → ${credit} ${amount}`)).toEqual([
      'usage-revenue:openai → customer-wallet 0.00000000005',
      'customer-wallet → usage-revenue:openai 0.00000000002',
      'provider-clearing:openai → cost-of-sales:openai 0.00000000004',
      'cost-of-sales:openai → provider-clearing:openai 0.000000000045',
    ]);
    expect(await balancesOf(ledger.source, 'wrong')).toMatchObject({
      'usage-revenue:openai USD': '0.000000000027',
      'customer-wallet USD': '-0.000000000027',
      'cost-of-sales:openai USD': '0.000000000045',
    });
    const shown = await readTransaction(ledger.source, { orgId: 'wrong', id: answer.transactionId });
    expect(shown.charges.items).toMatchObject([{ eventId: 'a', amount: '-0.00000000003', priceVersion: 'corrected' }]);
  });

  it('does it once per idempotency key, and can be corrected again', async () => {
    await book({ org: 'again', id: 'a', amount: 50n });
    const first = await correct('again', 'a', ['0.00000000002', '0']);
    expect(await correct('again', 'a', ['0.00000000002', '0'])).toEqual({ ...first, repeated: true });
    await expect(correct('again', 'a', ['1', '0'], 'a-0.00000000002')).rejects.toMatchObject({ code: 'conflict' });
    await correct('again', 'a', ['0.00000000005', '0.00000000005']);
    // What was answered stays the answer, whatever came after.
    expect(await correct('again', 'a', ['0.00000000002', '0'])).toEqual({ ...first, repeated: true });
    expect(await balancesOf(ledger.source, 'again')).toMatchObject({
      'usage-revenue:openai USD': '0.00000000005',
      'customer-wallet USD': '-0.00000000005',
    });
  });

  it('gives a grant back what the grant paid and a wallet what the wallet paid, also out of a batch', async () => {
    await giveCredits(ledger.source, {
      ...{ ...usd('mixed'), id: 'welcome', amount: '0.00000000006', priority: 1, idempotencyKey: 'g' },
      validFrom: '2026-01-01T00:00:00.000Z',
    });
    const at = (minute: number) => `2026-07-24T10:0${minute}:00.000Z`;
    await book(
      { org: 'mixed', id: 'third', amount: 40n, cost: 0n, effectiveAt: at(3) },
      { org: 'mixed', id: 'first', amount: 40n, cost: 0n, effectiveAt: at(1) },
      { org: 'mixed', id: 'second', amount: 40n, cost: 0n, effectiveAt: at(2) },
    );
    const credits = 'customer-credits:welcome USD';
    const wallet = 'customer-wallet USD';
    expect(await balancesOf(ledger.source, 'mixed')).toMatchObject({ [credits]: '0', [wallet]: '-0.00000000006' });
    // The grant paid all of the first, half of the second and nothing of the third.
    await correct('mixed', 'third', ['0', '0']);
    expect(await balancesOf(ledger.source, 'mixed')).toMatchObject({ [credits]: '0', [wallet]: '-0.00000000002' });
    await correct('mixed', 'second', ['0.00000000001', '0']);
    expect(await balancesOf(ledger.source, 'mixed')).toMatchObject({ [credits]: '0.00000000001', [wallet]: '0' });
    await correct('mixed', 'first', ['0', '0']);
    expect(await balancesOf(ledger.source, 'mixed')).toMatchObject({ [credits]: '0.00000000005', [wallet]: '0' });
  });

  it('keeps what timed out here on the book, and charges it when its usage is told: fault 5', async () => {
    await book({ org: 'timeout', id: 'a' });
    const onBook = () =>
      ledger.source.query<unknown[]>(`SELECT status, amount FROM charge WHERE org_id = 'timeout' AND event_id = 'a'`);
    expect(await onBook()).toEqual([{ status: 'suspended', amount: null }]);
    expect(await balancesOf(ledger.source, 'timeout')).toEqual({});
    await correct('timeout', 'a', ['0.004', '0.003']);
    await book({ org: 'timeout', id: 'a' });
    expect(await onBook()).toEqual([{ status: 'suspended', amount: null }]);
    expect(await balancesOf(ledger.source, 'timeout')).toEqual({
      'usage-revenue:openai USD': '0.004',
      'customer-wallet USD': '-0.004',
      'cost-of-sales:openai USD': '0.003',
      'provider-clearing:openai USD': '0.003',
    });
  });

  it('prices a suspended charge late, by the day on which it happened: fault 36', async () => {
    await giveCredits(ledger.source, {
      ...{ ...usd('late'), id: 'july', amount: '1', priority: 1, idempotencyKey: 'g' },
      ...{ validFrom: '2026-07-01T00:00:00.000Z', expiresAt: '2099-01-01T00:00:00.000Z' },
    });
    await book({ org: 'late', id: 'a' });
    const { transactionId } = await correct('late', 'a', ['0.5', '0.25']);
    const { transaction } = await readTransaction(ledger.source, { orgId: 'late', id: transactionId });
    expect(transaction).toMatchObject({
      kind: 'correction',
      effectiveAt: '2026-07-24T10:15:00.000Z',
      belongsTo: '2026-07',
    });
    expect(await balancesOf(ledger.source, 'late')).toMatchObject({ 'customer-credits:july USD': '0.5' });
    await correct('late', 'a', ['0.25', '0.25']);
    expect(await balancesOf(ledger.source, 'late')).toMatchObject({
      'customer-credits:july USD': '0.75',
      'usage-revenue:openai USD': '0.25',
      'cost-of-sales:openai USD': '0.25',
    });
  });

  it('refuses what is not there, another currency, the price that it has, and less than nothing', async () => {
    await book({ org: 'odd', id: 'a', amount: 5n }, { org: 'odd', id: 'e', amount: 5n, currency: 'EUR' });
    await expect(correct('odd', 'none', ['1', '1'])).rejects.toMatchObject({ code: 'not_found' });
    await expect(correct('odd', 'e', ['1', '1'])).rejects.toMatchObject({ code: 'conflict' });
    await expect(correct('odd', 'a', ['0.000000000005', '0.000000000005'])).rejects.toMatchObject({ code: 'conflict' });
    await expect(correct('odd', 'a', ['-1', '0'])).rejects.toMatchObject({ code: 'invalid' });
  });
});

describe('months', () => {
  // By the database's clock: the month before the present one is over.
  const present = new Date().toISOString().slice(0, 7);
  const monthsAgo = (count: number) => {
    const date = new Date(`${present}-15T00:00:00.000Z`);
    date.setUTCMonth(date.getUTCMonth() - count);
    return date.toISOString();
  };
  const month = (count: number) => monthsAgo(count).slice(0, 7);

  it('close in turn, when they are over, once', async () => {
    const other = await testLedger();
    const book = (...sketches: ChargeSketch[]) => bookCharges(other.source, sketches.map(deliveredCharge));
    const close = (period: string) => closeMonth(other.source, { period, closedBy: 'finance' });
    await book(
      { id: 'old', amount: 1n, effectiveAt: monthsAgo(3) },
      { id: 'new', amount: 2n, effectiveAt: monthsAgo(1) },
    );
    await expect(close(present)).rejects.toMatchObject({
      code: 'conflict',
      message: `${present} is not over yet (UTC): close it when it is.`,
    });
    await expect(close(month(1))).rejects.toMatchObject({
      code: 'conflict',
      message: `${month(3)} is open and has transactions: close it before ${month(1)}.`,
    });
    expect(await close(month(3))).toMatchObject({
      state: 'closed',
      closedBy: 'finance',
      transactions: 1,
      repeated: false,
    });
    expect(await close(month(3))).toMatchObject({ repeated: true });
    // The one between is empty and closes with the next.
    expect(await close(month(1))).toMatchObject({ state: 'closed', transactions: 1 });
    const { items } = await readPeriods(other.source, {});
    expect(items.map(({ period, state }) => [period, state])).toEqual([
      [present, 'open'],
      [month(1), 'closed'],
      [month(2), 'closed'],
      [month(3), 'closed'],
    ]);

    // A late event is not lost, and does not change what was closed: it stands in the open month and says where it belongs.
    const before = await readBalanceSheet(other.source, { to: month(1) });
    await book({ id: 'late', amount: 40n, effectiveAt: monthsAgo(2) });
    const { items: journal } = await readJournal(other.source, { orgId: 'acme' });
    expect(journal.at(-1)).toMatchObject({ period: present, belongsTo: month(2), effectiveAt: monthsAgo(2) });
    expect(await readBalanceSheet(other.source, { to: month(1) })).toEqual(before);
    expect((await readPeriods(other.source, { limit: 1 })).items).toMatchObject([{ transactions: 1, late: 1 }]);
    // As of what had happened by then, it is there.
    const [statement] = (await readIncomeStatement(other.source, { effectiveAsOf: monthsAgo(2) })).statements;
    expect(statement).toMatchObject({ totalIncome: '0.000000000041', result: '0' });
    const { results } = await verifyLedger(other.database.url);
    expect(results.filter(({ wrong }) => wrong > 0)).toEqual([]);
    await other.close();
  });

  it('close one after the other while charges come in, and none of them is lost or in a closed month', async () => {
    const other = await testLedger();
    const book = (id: string, ago: number) =>
      bookCharges(other.source, [deliveredCharge({ id, amount: 1n, effectiveAt: monthsAgo(ago) })]);
    await Promise.all([
      ...Array.from({ length: 30 }, (_, index) => book(`e${index}`, 1 + (index % 3))),
      (async () => {
        for (const ago of [3, 2, 1]) await closeMonth(other.source, { period: month(ago), closedBy: 'finance' });
      })(),
    ]);
    expect((await balancesOf(other.source, 'acme'))['usage-revenue:openai USD']).toBe('0.00000000003');
    const { results } = await verifyLedger(other.database.url);
    expect(results.filter(({ wrong }) => wrong > 0)).toEqual([]);
    await other.close();
  });
});

it('a month opens beside a reader who takes long, and nobody waits', async () => {
  const reader = new pg.Client(ledger.database.url);
  await reader.connect();
  await reader.query('SET ROLE tollgate_ledger_reader; BEGIN; SELECT count(*) FROM ledger.charge');
  await book({ org: 'early', id: 'a', amount: 1n, effectiveAt: '1999-12-31T23:59:59.999Z' });
  await reader.query('COMMIT');
  await reader.end();
});

describe('reports', () => {
  const july = (day: number) => `2026-07-${String(day).padStart(2, '0')}T12:00:00.000Z`;
  let known: string;
  beforeAll(async () => {
    await topUpWallet(ledger.source, { ...usd('shop'), amount: '1', idempotencyKey: 'k' });
    await book({ org: 'shop', id: 'a', amount: 30n, cost: 20n, effectiveAt: july(1) });
    known = (await journalOf('shop')).at(-1)?.postedAt ?? '';
    await new Promise((resolve) => setTimeout(resolve, 5));
    await book({ org: 'shop', id: 'b', amount: 12n, cost: 2n, effectiveAt: july(2), provider: 'anthropic' });
  });

  it('balance, per currency, with the result as equity', async () => {
    const { sheets } = await readBalanceSheet(ledger.source, { orgId: 'shop' });
    expect(sheets).toEqual([
      {
        currency: 'USD',
        assets: [{ account: 'cash-clearing', amount: '1' }],
        liabilities: [
          { account: 'customer-wallet', amount: '0.999999999958' },
          { account: 'provider-clearing', provider: 'anthropic', amount: '0.000000000002' },
          { account: 'provider-clearing', provider: 'openai', amount: '0.00000000002' },
        ],
        equity: [{ account: 'result', amount: '0.00000000002' }],
        ...{ totalAssets: '1', totalLiabilities: '0.99999999998', totalEquity: '0.00000000002', balanced: true },
      },
    ]);
    for (const sheet of (await readBalanceSheet(ledger.source, {})).sheets) expect(sheet.balanced).toBe(true);
  });

  it('say what had happened by a time, and what the book knew by a time', async () => {
    const revenue = async (scope: object) =>
      (await readIncomeStatement(ledger.source, { orgId: 'shop', ...scope })).statements[0]?.totalIncome ?? 'none';
    expect(await revenue({})).toBe('0.000000000042');
    expect(await revenue({ effectiveAsOf: july(1) })).toBe('0.00000000003');
    expect(await revenue({ postedAsOf: known })).toBe('0.00000000003');
    expect(await revenue({ effectiveAsOf: '2026-06-30T23:59:59.999Z' })).toBe('none');
    expect(await revenue({ from: '2026-07', to: '2026-07' })).toBe('0.000000000042');
    expect(await revenue({ from: '2026-08' })).toBe('0');
  });

  it('agree with the kept balances: accounts, entries and the trial balance, now and as of a time', async () => {
    const future = '2099-01-01T00:00:00.000Z';
    const asOf = { effectiveAsOf: future, postedAsOf: future };
    expect(await readAccounts(ledger.source, { orgId: 'shop', ...asOf })).toEqual(
      await readAccounts(ledger.source, { orgId: 'shop' }),
    );
    expect(await readTrialBalance(ledger.source, asOf)).toEqual(await readTrialBalance(ledger.source, {}));
    const early = await readTrialBalance(ledger.source, { orgId: 'shop', postedAsOf: known, to: '2026-07' });
    expect(early.totals).toMatchObject([{ balanced: true, debits: '0.00000000005' }]);
    const { items } = await readEntries(ledger.source, { orgId: 'shop', postedAsOf: known });
    expect(items.map(({ amount }) => amount)).not.toContain('0.000000000012');
    const wallet = (await readAccounts(ledger.source, { orgId: 'shop', effectiveAsOf: july(1) })).items.find(
      ({ name }) => name === 'customer-wallet',
    );
    // The top-up is of the present.
    expect(wallet?.balance).toBe('-0.00000000003');
  });

  it('follow an account from its opening over each entry to its closing', async () => {
    const account = { ...usd('shop'), account: 'customer-wallet' };
    const whole = await readAccountLedger(ledger.source, account);
    expect(whole).toMatchObject({ opening: '0', closing: '0.999999999958' });
    expect(whole.items.map(({ side, amount, balance, against }) => [side, amount, balance, against])).toEqual([
      ['credit', '1', '1', 'cash-clearing'],
      ['debit', '0.00000000003', '0.99999999997', 'usage-revenue:openai'],
      ['debit', '0.000000000012', '0.999999999958', 'usage-revenue:anthropic'],
    ]);
    const first = await readAccountLedger(ledger.source, { ...account, limit: 1 });
    const rest = await readAccountLedger(ledger.source, { ...account, after: first.next ?? '' });
    expect([...first.items, ...rest.items]).toEqual(whole.items);
    const present = new Date().toISOString().slice(0, 7);
    const later = await readAccountLedger(ledger.source, { ...account, from: present });
    // In July, before the money came, the wallet stood below zero.
    if (present > '2026-07')
      expect(later).toMatchObject({ opening: '-0.000000000042', items: [{ balance: '0.999999999958' }] });
    await expect(readAccountLedger(ledger.source, { ...account, account: 'none' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('show a transaction with what its postings are the sums of, to its own organisation', async () => {
    const transaction = (await journalOf('shop'))[1];
    const shown = await readTransaction(ledger.source, { orgId: 'shop', id: transaction?.id ?? '' });
    expect(shown.transaction).toEqual(transaction);
    expect(shown.charges).toMatchObject({ items: [{ eventId: 'a', amount: '0.00000000003', cost: '0.00000000002' }] });
    await expect(readTransaction(ledger.source, { orgId: 'acme', id: transaction?.id ?? '' })).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});
