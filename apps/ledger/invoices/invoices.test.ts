import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { MerkleTree } from '#accounting/invoicing/merkle-tree.js';
import { verifyProof } from '#accounting/invoicing/verify-proof.js';
import { canonicalJson } from '#contracts/canonical-json.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { bookCharges } from '../book-charges.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { correctBookedCharge } from '../corrections/correct-charge.js';
import { balancesOf, type TestLedger, testLedger, unsoundness } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { giveCredits } from '../wallets/grant-credits.js';
import { openNamedWallet } from '../wallets/open-wallet.js';
import { readWallets } from '../wallets/read-wallets.js';
import { assignUsage } from '../wallets/assign-wallet.js';
import { creditInvoice } from './credit-invoice.js';
import { makeDraft, removeDraft } from './draft-invoice.js';
import { makeFinal } from './finalise-invoice.js';
import {
  augustDays,
  bookUsage,
  customerOf,
  invoiceFor,
  julyDays,
  linesOf,
  override,
  partsOf,
  placesOf,
  postpaid,
  septemberDays,
  type UsageSketch,
  vatOf,
} from './invoices.fixture.js';
import { readInvoices } from './list-invoices.js';
import { bookPayment } from './pay-invoice.js';
import { proveOnInvoice } from './prove-line.js';
import { readCreditNote, readCreditNotes } from './read-credit-notes.js';
import { readInvoice } from './read-invoice.js';
import { readStatement } from './read-statement.js';
import { readTaxRates } from './tax-rates.js';
import { verifyInvoice, verifyInvoices } from './verify-invoice.js';
import { makeVoid } from './void-invoice.js';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await testLedger();
  await vatOf(ledger.source, 'DE', '0.19');
});
afterAll(async () => {
  expect(await unsoundness(ledger.source)).toEqual([]);
  expect(await verifyInvoices(ledger.source)).toEqual([]);
  await ledger.close();
});

const july = '2025-07-10T12:00:00.000Z';
const august = '2025-08-10T12:00:00.000Z';
const book = (...sketches: UsageSketch[]) => bookUsage(ledger.source, ...sketches);
/** One line of this many cents. */
const cents = (count: number) => ({ 'in.fresh.text': [count, '0.01'] }) as const;

const sumOf = (amounts: readonly string[]) =>
  formatAmount(amounts.reduce((sum, amount) => sum + parseAmount(amount), 0n));

async function postpaidCustomer(orgId: string, jurisdiction?: string, currency = 'USD') {
  await postpaid(ledger.source, orgId, currency);
  await customerOf(ledger.source, orgId, jurisdiction);
}

describe('an invoice', () => {
  it('has a line per team, project, model, dimension and price, with tax, and posts what is owed', async () => {
    await postpaidCustomer('acme', 'DE');
    const lines = { 'in.fresh.text': [1000, '0.00125'], 'out.text': [100, '0.01'] } as const;
    await book(
      { org: 'acme', id: 'a', team: 'search', project: 'web', effectiveAt: july, lines },
      { org: 'acme', id: 'b', team: 'search', project: 'web', effectiveAt: july, lines },
      {
        org: 'acme',
        id: 'c',
        team: 'lab',
        project: 'x',
        model: 'gpt-5',
        effectiveAt: july,
        lines: { 'out.text': [1, '0.333333'] },
      },
      {
        org: 'acme',
        id: 'd',
        team: 'lab',
        project: 'x',
        model: 'gpt-5',
        effectiveAt: july,
        lines: { 'out.text': [1, '0.5'] },
      },
      { org: 'acme', id: 'e', team: 'lab', project: 'x', effectiveAt: july, currency: 'EUR', lines },
    );
    const subject = { orgId: 'acme', id: 'july', currency: 'USD', period: julyDays };
    const draft = await makeDraft(ledger.source, subject);
    expect(draft).toMatchObject({ state: 'draft', lineCount: 4, amounts: { total: '6.34' } });
    expect(draft).not.toHaveProperty('number');
    expect(draft).not.toHaveProperty('missing');
    const draftLines = await linesOf(ledger.source, 'acme', 'july');

    const final = await makeFinal(ledger.source, { orgId: 'acme', id: 'july', evidence: override });
    expect(final).toMatchObject({
      state: 'final',
      number: `TG-${new Date().getUTCFullYear()}-000001`,
      issuer: { legalName: 'Tollgate GmbH', address: ['Hauptstr. 1', '10115 Berlin'] },
      customer: { legalName: 'acme Ltd', taxation: { jurisdiction: 'DE' } },
      amounts: {
        ...{ exact: '5.333333', rounded: '5.33', rounding: '-0.003333', tax: '1.01', total: '6.34' },
        ...{ prepaid: '0', due: '6.34', paid: '0', credited: '0', outstanding: '6.34' },
      },
      taxes: [{ jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive', base: '5.33', amount: '1.01' }],
      root: draft.root,
      evidence: override,
    });
    expect(await linesOf(ledger.source, 'acme', 'july')).toEqual(draftLines);
    const said = draftLines.map(
      ({ teamId, projectId, model, dimension, unitPrice, quantity, amount, rounded, count }) =>
        [teamId, projectId, model, dimension, unitPrice, quantity, amount, rounded, count].join(' '),
    );
    expect(said).toEqual([
      'lab x gpt-5 out.text 0.333333 1 0.333333 0.33 1',
      'lab x gpt-5 out.text 0.5 1 0.5 0.5 1',
      'search web gpt-5-mini in.fresh.text 0.00125 2000 2.5 2.5 2',
      'search web gpt-5-mini out.text 0.01 200 2 2 2',
    ]);
    expect(await balancesOf(ledger.source, 'acme')).toMatchObject({
      'receivable USD': '6.34',
      'unbilled-receivable USD': '0',
      'tax-payable:DE USD': '1.01',
      'rounding USD': '0.003333',
      'usage-revenue:openai USD': '5.333333',
    });
    // Again, it is what it is.
    expect(await makeFinal(ledger.source, { orgId: 'acme', id: 'july', evidence: override })).toEqual(final);
    await expect(makeDraft(ledger.source, subject)).rejects.toMatchObject({ code: 'conflict' });
    expect(await verifyInvoice(ledger.source, 'acme', 'july')).toEqual([]);
  });

  it('takes a charge at midnight into the day that begins: fault 25', async () => {
    await postpaidCustomer('edge');
    const at = (effectiveAt: string, id: string) => ({ org: 'edge', id, effectiveAt, lines: cents(1) });
    await book(
      at('2025-06-30T23:59:59.999Z', 'before'),
      at('2025-07-01T00:00:00.000Z', 'first'),
      at('2025-07-31T23:59:59.999Z', 'last'),
      at('2025-08-01T00:00:00.000Z', 'after'),
    );
    await invoiceFor(ledger.source, { orgId: 'edge', id: 'july' });
    expect([...(await placesOf(ledger.source, 'edge')).keys()]).toEqual(['first', 'last']);
    // Any whole days, also of a batch that went over them.
    await invoiceFor(ledger.source, { orgId: 'edge', id: 'day', period: { from: '2025-08-01', to: '2025-08-02' } });
    expect((await placesOf(ledger.source, 'edge')).get('after')).toEqual(new Map([['day', 10n ** 10n]]));
  });

  it('of usage that came late for its month says so, and takes it once', async () => {
    await postpaidCustomer('late', 'LATE');
    await vatOf(ledger.source, 'LATE', '0.1');
    await vatOf(ledger.source, 'LATE', '0.2', '2025-08-01');
    await book({ org: 'late', id: 'a', effectiveAt: july, lines: cents(100) });
    await invoiceFor(ledger.source, { orgId: 'late', id: 'july' });
    await book({ org: 'late', id: 'b', effectiveAt: july, lines: cents(200) });
    await book({ org: 'late', id: 'c', effectiveAt: august, lines: cents(400) });
    const second = await invoiceFor(ledger.source, { orgId: 'late', id: 'august', period: augustDays });
    const lines = await linesOf(ledger.source, 'late', 'august');
    expect(lines.map(({ lateMonth, amount }) => [lateMonth, amount])).toEqual([
      [undefined, '4'],
      ['2025-07', '2'],
    ]);
    // Each at the rate of its own time: fault 36.
    expect(second.taxes.map(({ rate, base, amount }) => [rate, base, amount])).toEqual([
      ['0.2', '4', '0.8'],
      ['0.1', '2', '0.2'],
    ]);
    await makeDraft(ledger.source, { orgId: 'late', id: 'none', currency: 'USD', period: septemberDays });
    await expect(makeFinal(ledger.source, { orgId: 'late', id: 'none', evidence: override })).rejects.toMatchObject({
      message: 'Invoice "none" cannot be final: There is nothing to invoice in these days.',
    });
    const places = [...(await placesOf(ledger.source, 'late'))].map(([event, place]) => [event, ...place.keys()]);
    expect(places.toSorted()).toEqual([
      ['a', 'july'],
      ['b', 'august'],
      ['c', 'august'],
    ]);
  });

  it('of prepaid usage is paid: with tax and rounding its wallet has paid what it says: fault 37', async () => {
    await customerOf(ledger.source, 'prepaid', 'DE');
    await openNamedWallet(ledger.source, { orgId: 'prepaid', id: 'lab', currency: 'USD' });
    const payer = { kind: 'team' as const, id: 'lab' };
    await assignUsage(ledger.source, { orgId: 'prepaid', currency: 'USD', payer, wallet: 'lab' });
    for (const wallet of ['default', 'lab']) {
      const topUp = { orgId: 'prepaid', wallet, currency: 'USD', amount: '100', idempotencyKey: `paid-${wallet}` };
      await topUpWallet(ledger.source, topUp);
    }
    const sketch = { org: 'prepaid', effectiveAt: july };
    await book(
      { ...sketch, id: 'a', lines: { 'in.fresh.text': [1, '3.333333'] } },
      { ...sketch, id: 'b', team: 'lab', lines: { 'in.fresh.text': [1, '6.666666'] } },
    );
    const { state, amounts } = await invoiceFor(ledger.source, { orgId: 'prepaid', id: 'july' });
    expect([state, amounts]).toMatchObject([
      'paid',
      { exact: '9.999999', paidByWallets: '9.999999', rounded: '10', total: '11.9', prepaid: '11.9', due: '0' },
    ]);
    const left = (await readWallets(ledger.source, { orgId: 'prepaid' })).items.map(({ balance }) => balance);
    expect(sumOf(left)).toBe('188.1');
    const { accounts } = await readStatement(ledger.source, {
      ...{ orgId: 'prepaid', currency: 'USD', period: { from: '2025-01-01', to: '2100-01-01' } },
    });
    expect(sumOf(accounts.map(({ closing }) => closing))).toBe('188.1');
  });

  it('says how much credits have paid, and bills the rest', async () => {
    await postpaidCustomer('mixed', 'DE');
    await giveCredits(ledger.source, {
      ...{ orgId: 'mixed', id: 'gift', currency: 'USD', amount: '4', priority: 0, idempotencyKey: 'gift' },
      validFrom: '2025-07-01T00:00:00Z',
    });
    await book({ org: 'mixed', id: 'a', effectiveAt: july, lines: cents(1000) });
    const { amounts } = await invoiceFor(ledger.source, { orgId: 'mixed', id: 'july' });
    expect(amounts).toMatchObject({
      total: '11.9',
      paidByCredits: '4',
      prepaid: '4.76',
      due: '7.14',
      outstanding: '7.14',
    });
    // Credits cannot pay tax: it is the default wallet's.
    expect(await balancesOf(ledger.source, 'mixed')).toMatchObject({
      'customer-wallet USD': '-0.76',
      'receivable USD': '7.14',
      'tax-payable:DE USD': '1.9',
    });
  });

  it('is rounded once per line, to what the currency has, and the remainder is booked: fault 38', async () => {
    const models = Array.from({ length: 10 }, (_, index) => `model-${index}`);
    for (const [currency, price, exact, rounded, remainder] of [
      ['USD', '0.004', '0.04', '0', '0.04'],
      ['JPY', '0.6', '6', '10', '-4'],
      ['KWD', '0.0004', '0.004', '0', '0.004'],
    ] as const) {
      const org = `round-${currency}`;
      await postpaidCustomer(org, undefined, currency);
      const lines = { out: [1, price] } as const;
      await book(...models.map((model) => ({ org, id: model, model, currency, effectiveAt: july, lines })));
      const { amounts } = await invoiceFor(ledger.source, { orgId: org, id: 'july', currency });
      expect([currency, amounts]).toMatchObject([currency, { exact, rounded, total: rounded }]);
      const balances = await balancesOf(ledger.source, org);
      // What comes to nothing is owed by nobody.
      expect([balances[`unbilled-receivable ${currency}`], balances[`receivable ${currency}`]]).toEqual(['0', rounded]);
      expect(balances[`rounding ${currency}`]).toBe(remainder);
    }
    await expect(
      makeDraft(ledger.source, { orgId: 'round-XAU', id: 'a', currency: 'XAU', period: julyDays }),
    ).rejects.toMatchObject({ code: 'invalid', message: expect.stringMatching(/no minor unit/) });
  });

  it('cannot be final before its days are over, or while something is missing, and says what', async () => {
    await postpaid(ledger.source, 'unready');
    await book({ org: 'unready', id: 'a', effectiveAt: july, sequence: 40, lines: cents(1) });
    const draft = (period = julyDays) =>
      makeDraft(ledger.source, { orgId: 'unready', id: 'a', currency: 'USD', period });
    const finalise = (evidence: typeof override = override) =>
      makeFinal(ledger.source, { orgId: 'unready', id: 'a', evidence });
    await expect(finalise()).rejects.toMatchObject({ code: 'not_found' });
    expect((await draft()).missing).toEqual([
      'unready has no billing profile: set one, with where it is taxed or why it is not.',
    ]);
    await expect(finalise()).rejects.toMatchObject({ code: 'conflict', message: /no billing profile/ });
    await customerOf(ledger.source, 'unready', 'NOWHERE');
    await expect(finalise()).rejects.toMatchObject({
      message: expect.stringMatching(/No tax rate of NOWHERE holds on 2025-07-31: set one/),
    });
    await vatOf(ledger.source, 'NOWHERE', '0');
    const run = {
      ...{ kind: 'reconciliation' as const, runId: 'run-1', finishedAt: '2025-08-01T01:00:00Z', grossErrorPpm: 0 },
      usageSequence: 39,
    };
    await expect(makeFinal(ledger.source, { orgId: 'unready', id: 'a', evidence: run })).rejects.toMatchObject({
      message: 'Reconciliation run-1 looked at USAGE up to 39, and this usage reaches to 40: run it again.',
    });
    await draft({ from: '2025-07-01', to: '2099-01-01' });
    await expect(finalise()).rejects.toMatchObject({ code: 'conflict', message: /not over yet/ });
    await draft();
    const evidence = { ...run, usageSequence: 40 };
    expect(await makeFinal(ledger.source, { orgId: 'unready', id: 'a', evidence })).toMatchObject({ evidence });
  });

  it('cannot be for days that another one is for', async () => {
    await postpaidCustomer('twice');
    await book({ org: 'twice', id: 'a', effectiveAt: july, lines: cents(1) });
    for (const id of ['one', 'two']) {
      await makeDraft(ledger.source, { orgId: 'twice', id, currency: 'USD', period: julyDays });
    }
    await makeFinal(ledger.source, { orgId: 'twice', id: 'one', evidence: override });
    await expect(makeFinal(ledger.source, { orgId: 'twice', id: 'two', evidence: override })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringMatching(/Invoice "one" is for 2025-07-01 to 2025-08-01 already/),
    });
    await removeDraft(ledger.source, { orgId: 'twice', id: 'two' });
    await expect(readInvoice(ledger.source, { orgId: 'twice', id: 'two' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(readInvoice(ledger.source, { orgId: 'edge', id: 'one' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is not taken away as a draft while it becomes final', async () => {
    await postpaidCustomer('leaving');
    await book({ org: 'leaving', id: 'a', effectiveAt: july, lines: cents(1) });
    const named = { orgId: 'leaving', id: 'one' };
    await makeDraft(ledger.source, { ...named, currency: 'USD', period: julyDays });
    const blocker = new pg.Client(ledger.database.superuserUrl);
    await blocker.connect();
    const waiting = async () => {
      const { rows } = await blocker.query<{ locktype: string }>(
        `SELECT locktype FROM pg_locks JOIN pg_database d ON d.oid = database
         WHERE datname = current_database() AND NOT granted ORDER BY locktype`,
      );
      return rows.map(({ locktype }) => locktype);
    };
    // Holds the turn back when it has found its draft.
    await blocker.query('BEGIN; LOCK TABLE ledger.invoice IN SHARE MODE');
    const final = makeFinal(ledger.source, { ...named, evidence: override });
    await eventually(async () => expect(await waiting()).toEqual(['relation']));
    const removed = expect(removeDraft(ledger.source, named)).rejects.toMatchObject({ code: 'not_found' });
    await eventually(async () => expect(await waiting()).toEqual(['advisory', 'relation']));
    await blocker.query('ROLLBACK');
    await blocker.end();
    expect(await final).toMatchObject({ state: 'final' });
    await removed;
  });

  it('has corrections of charges, and late prices, as lines of their own', async () => {
    await postpaidCustomer('fixed');
    await book({ org: 'fixed', id: 'a', effectiveAt: july, lines: cents(500) });
    await bookCharges(ledger.source, [
      deliveredCharge({ org: 'fixed', id: 'unpriced', effectiveAt: july, team: 'lab' }),
    ]);
    await invoiceFor(ledger.source, { orgId: 'fixed', id: 'july' });
    await book({ org: 'fixed', id: 'b', effectiveAt: august, lines: cents(100) });
    await correct('fixed', 'a', '3');
    await correct('fixed', 'unpriced', '0.25');
    const { state, amounts } = await invoiceFor(ledger.source, { orgId: 'fixed', id: 'august', period: augustDays });
    expect([state, amounts]).toMatchObject([
      'paid',
      { exact: '-0.75', total: '-0.75', due: '-0.75', outstanding: '-0.75' },
    ]);
    const lines = await linesOf(ledger.source, 'fixed', 'august');
    const said = lines.map((line) => [line.teamId, line.dimension, line.lateMonth, line.quantity, line.amount]);
    expect(said).toEqual([
      ['research', 'in.fresh.text', undefined, '100', '1'],
      ['lab', undefined, '2025-07', '1', '0.25'],
      ['research', undefined, '2025-07', '1', '-2'],
    ]);
    expect(await partsOf(ledger.source, 'fixed', 'august', 3)).toMatchObject([
      { eventId: 'a', adjustment: 1, quantity: '1', amount: '-2' },
    ]);
    const asked = { orgId: 'fixed', id: 'august', line: 3, eventId: 'a' };
    const { root } = await readInvoice(ledger.source, { orgId: 'fixed', id: 'august' });
    expect(verifyProof(await proveOnInvoice(ledger.source, { ...asked, adjustment: 1 }), root)).toBe(true);
    await expect(proveOnInvoice(ledger.source, asked)).rejects.toMatchObject({ code: 'not_found' });
  });
});

/** What a charge was worth after all. */
const correct = (orgId: string, eventId: string, amount: string) =>
  correctBookedCharge(ledger.source, {
    ...{ orgId, eventId, currency: 'USD', amount, cost: '0', priceVersion: 'v2', idempotencyKey: `correct ${eventId}` },
    reason: 'The price was wrong.',
  });

describe('a final invoice', () => {
  it('is paid in parts, each once, and never more than is owed', async () => {
    await postpaidCustomer('payer');
    await book({ org: 'payer', id: 'a', effectiveAt: july, lines: cents(1000) });
    await makeDraft(ledger.source, { orgId: 'payer', id: 'july', currency: 'USD', period: julyDays });
    const pay = (amount: string, idempotencyKey: string, id = 'july') =>
      bookPayment(ledger.source, { orgId: 'payer', id, amount, idempotencyKey });
    await expect(pay('1', 'early')).rejects.toMatchObject({ code: 'conflict', message: /is a draft/ });
    await makeFinal(ledger.source, { orgId: 'payer', id: 'july', evidence: override });
    for (const amount of ['0', '-1', '0.001'])
      await expect(pay(amount, 'odd')).rejects.toMatchObject({ code: 'invalid' });
    await expect(pay('10.01', 'much')).rejects.toMatchObject({ code: 'conflict' });
    expect(await pay('4', 'one')).toMatchObject({
      repeated: false,
      invoice: { state: 'final', amounts: { outstanding: '6' } },
    });
    expect(await pay('4', 'one')).toMatchObject({ repeated: true, invoice: { amounts: { outstanding: '6' } } });
    await expect(pay('5', 'one')).rejects.toMatchObject({ code: 'conflict' });
    await expect(makeVoid(ledger.source, { orgId: 'payer', id: 'july', reason: 'x' })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await pay('6', 'two')).toMatchObject({
      invoice: { state: 'paid', amounts: { paid: '10', outstanding: '0' } },
    });
    expect(await pay('4', 'one')).toMatchObject({ repeated: true });
    await expect(pay('0.01', 'three')).rejects.toMatchObject({ code: 'conflict' });
    expect(await balancesOf(ledger.source, 'payer')).toMatchObject({
      'receivable USD': '0',
      'cash-clearing USD': '10',
    });
    // A key stands for one invoice.
    await book({ org: 'payer', id: 'b', effectiveAt: august, lines: cents(1000) });
    await invoiceFor(ledger.source, { orgId: 'payer', id: 'august', period: augustDays });
    await expect(pay('4', 'one', 'august')).rejects.toMatchObject({
      code: 'conflict',
      message: /payment of invoice "july"/,
    });
  });

  it('that is void is taken back whole, keeps its number, and its usage is invoiced again', async () => {
    await postpaidCustomer('undone', 'DE');
    await book({ org: 'undone', id: 'a', effectiveAt: july, lines: { out: [1, '1.003'] } });
    const before = await balancesOf(ledger.source, 'undone');
    const first = await invoiceFor(ledger.source, { orgId: 'undone', id: 'wrong' });
    const reason = 'The address was wrong.';
    const gone = await makeVoid(ledger.source, { orgId: 'undone', id: 'wrong', reason });
    expect(gone).toMatchObject({
      state: 'void',
      number: first.number,
      voided: { reason },
      amounts: { outstanding: '0' },
    });
    expect(await makeVoid(ledger.source, { orgId: 'undone', id: 'wrong', reason: 'again' })).toEqual(gone);
    const pay = { orgId: 'undone', id: 'wrong', amount: '1', idempotencyKey: 'p' };
    await expect(bookPayment(ledger.source, pay)).rejects.toMatchObject({ code: 'conflict', message: /is void/ });
    expect(await balancesOf(ledger.source, 'undone')).toMatchObject({
      ...before,
      'receivable USD': '0',
      'rounding USD': '0',
    });
    const second = await invoiceFor(ledger.source, { orgId: 'undone', id: 'right' });
    expect(second).toMatchObject({ state: 'final', root: first.root, amounts: { total: first.amounts.total } });
    expect(second.number).not.toBe(first.number);
    expect((await placesOf(ledger.source, 'undone')).get('a')?.size).toBe(1);
    expect((await readInvoices(ledger.source, { orgId: 'undone', state: 'void' })).items.map(({ id }) => id)).toEqual([
      'wrong',
    ]);
  });

  it('is credited up to what it comes to, tax in proportion, with numbers of their own', async () => {
    await postpaidCustomer('credit', 'DE');
    await book({ org: 'credit', id: 'a', effectiveAt: july, lines: cents(10_000) });
    const { number = '' } = await invoiceFor(ledger.source, { orgId: 'credit', id: 'july' });
    await bookPayment(ledger.source, { orgId: 'credit', id: 'july', amount: '100', idempotencyKey: 'p' });
    const credit = (amount: string, idempotencyKey: string) =>
      creditInvoice(ledger.source, { orgId: 'credit', id: 'july', amount, reason: 'An outage.', idempotencyKey });
    const first = await credit('59.50', 'one');
    expect(first).toMatchObject({
      number: `TG-CN-${new Date().getUTCFullYear()}-000001`,
      invoice: { id: 'july', number },
      ...{ amount: '59.5', net: '50', takenOff: '19', refunded: '40.5', wallet: 'default', repeated: false },
      taxes: [{ jurisdiction: 'DE', name: 'VAT', rate: '0.19', amount: '9.5' }],
    });
    expect(await credit('59.5', 'one')).toEqual({ ...first, repeated: true });
    await expect(credit('59', 'one')).rejects.toMatchObject({ code: 'conflict' });
    await expect(credit('1', 'p')).rejects.toMatchObject({ code: 'conflict' });
    await expect(credit('59.51', 'two')).rejects.toMatchObject({
      code: 'conflict',
      message: /59.5 USD can still be credited/,
    });
    await credit('0.01', 'three');
    expect(await credit('59.49', 'four')).toMatchObject({ number: expect.stringMatching(/-000003$/) });
    expect(await balancesOf(ledger.source, 'credit')).toMatchObject({
      'receivable USD': '0',
      'tax-payable:DE USD': '0',
      'sales-credits USD': '-100',
      'customer-wallet USD': '100',
    });
    expect((await readInvoice(ledger.source, { orgId: 'credit', id: 'july' })).state).toBe('paid');
    const page = await readCreditNotes(ledger.source, { orgId: 'credit', limit: 2 });
    expect([page.items.length, page.next === undefined]).toEqual([2, false]);
    const { items } = await readCreditNotes(ledger.source, { orgId: 'credit', invoice: 'july' });
    expect(items.map(({ amount }) => amount)).toEqual(['59.49', '0.01', '59.5']);
    const { repeated: _, ...note } = first;
    const { issuer, customer } = await readInvoice(ledger.source, { orgId: 'credit', id: 'july' });
    expect(await readCreditNote(ledger.source, { orgId: 'credit', id: note.id })).toEqual({
      ...note,
      issuer,
      customer,
    });
    await expect(readCreditNote(ledger.source, { orgId: 'other', id: note.id })).rejects.toMatchObject({
      code: 'not_found',
    });
  });

  it('proves each of its charges to who knows nothing but its root', async () => {
    await postpaidCustomer('proof');
    const lines = { 'in.fresh.text': [10, '0.01'], 'out.text': [1, '0.02'] } as const;
    const ids = Array.from({ length: 11 }, (_, index) => `event-${index}`);
    await book(...ids.map((id) => ({ org: 'proof', id, effectiveAt: july, lines })));
    const { root } = await invoiceFor(ledger.source, { orgId: 'proof', id: 'july' });
    for (const { number, count, root, amount } of await linesOf(ledger.source, 'proof', 'july')) {
      const parts = await partsOf(ledger.source, 'proof', 'july', number);
      expect(parts.map(({ eventId }) => eventId)).toEqual(ids.toSorted());
      expect([count, amount]).toEqual([11, sumOf(parts.map((part) => part.amount))]);
      const tree = new MerkleTree();
      for (const { hash: _, ...part } of parts) tree.add(canonicalJson(part));
      expect(Buffer.from(tree.root()).toString('hex')).toBe(root);
    }
    for (const eventId of ids) {
      const proof = await proveOnInvoice(ledger.source, { orgId: 'proof', id: 'july', line: 2, eventId });
      expect(verifyProof(proof, root)).toBe(true);
      expect(verifyProof({ ...proof, part: { ...proof.part, amount: '0.03' } }, root)).toBe(false);
      expect(verifyProof({ ...proof, lineLeaf: proof.lineLeaf.replace('out.text', 'in.text') }, root)).toBe(false);
      expect(verifyProof(proof, proof.inLine.root)).toBe(false);
    }
    const ask = { orgId: 'proof', id: 'july', line: 1, eventId: 'none' };
    await expect(proveOnInvoice(ledger.source, ask)).rejects.toMatchObject({ code: 'not_found' });
    await expect(proveOnInvoice(ledger.source, { ...ask, line: 3 })).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a statement of account', () => {
  it('goes from one balance to the next by its movements, each account as its postings are', async () => {
    await postpaidCustomer('stated', 'DE');
    await book({ org: 'stated', id: 'a', effectiveAt: july, lines: cents(1000) });
    await book({ org: 'stated', id: 'b', effectiveAt: july, lines: cents(2000) });
    await book({ org: 'stated', id: 'c', effectiveAt: august, lines: cents(100) });
    await invoiceFor(ledger.source, { orgId: 'stated', id: 'july' });
    await bookPayment(ledger.source, { orgId: 'stated', id: 'july', amount: '5', idempotencyKey: 'p' });
    const read = (period: { from: string; to: string }, more: object = {}) =>
      readStatement(ledger.source, { orgId: 'stated', currency: 'USD', period, ...more });
    expect(await read(augustDays)).toMatchObject({
      accounts: [{ account: 'unbilled-receivable', opening: '30', debits: '1', credits: '0', closing: '31' }],
      items: [
        { account: 'unbilled-receivable', kind: 'charge', at: '2025-08-10T00:00:00.000Z', debit: '1', balance: '31' },
      ],
    });
    const all = { from: '2025-07-01', to: '2100-01-01' };
    const { accounts, items } = await read(all);
    const balances = await balancesOf(ledger.source, 'stated');
    for (const { account, closing } of accounts) {
      expect(closing).toBe(balances[`${account} USD`]);
      expect(items.filter((item) => item.account === account).at(-1)?.balance).toBe(closing);
    }
    expect(items.map(({ kind, debit, credit }) => `${kind} ${debit} ${credit}`)).toEqual([
      'invoice 35.7 0',
      'payment 0 5',
      'charge 30 0',
      'charge 1 0',
      'invoice 0 30',
    ]);
    const pages = [];
    for (let after: { after?: string } = {}; ;) {
      const page = await read(all, { limit: 2, ...after });
      pages.push(...page.items);
      if (page.next === undefined) break;
      after = { after: page.next };
    }
    expect(pages).toEqual(items);
    // Before the book knew any of it, there was nothing.
    expect(await read(all, { postedAsOf: '2025-12-31T00:00:00Z' })).toEqual({ accounts: [], items: [] });
  });
});

it('shows tax rates with the latest word on each', async () => {
  await vatOf(ledger.source, 'FR', '0.21');
  await vatOf(ledger.source, 'FR', '0.20');
  await vatOf(ledger.source, 'FR', '0.2');
  await vatOf(ledger.source, 'FR', '0.205', '2026-01-01');
  const { items } = await readTaxRates(ledger.source, {});
  expect(items.filter(({ jurisdiction }) => jurisdiction === 'FR')).toEqual([
    { jurisdiction: 'FR', name: 'VAT', rate: '0.2', mode: 'exclusive', validFrom: '2025-01-01' },
    { jurisdiction: 'FR', name: 'VAT', rate: '0.205', mode: 'exclusive', validFrom: '2026-01-01' },
  ]);
});
