import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import type { Posting } from '../posting-rules.js';
import { type CreditedInvoice, postCreditNote, splitCredit } from './credit-note.js';
import { type InvoiceTax, type TaxRate, taxesOf } from './invoice-tax.js';
import { roundTo } from './round.js';
import { type Funding, reversePostings, settleInvoice } from './settle-invoice.js';

const cent = 10n ** 10n;
const vat: TaxRate = { jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive' };
const funding = (wallets: Record<string, string>, credits: string, unbilled: Record<string, string>): Funding => {
  const amounts = (all: Record<string, string>) =>
    new Map(Object.entries(all).map(([wallet, amount]) => [wallet, parseAmount(amount)]));
  return { wallets: amounts(wallets), credits: parseAmount(credits), unbilled: amounts(unbilled) };
};
const said = (postings: readonly Posting[]) =>
  postings.map(({ debit, credit, amount }) => `${debit.name} ← ${credit.name} ${formatAmount(amount)}`);
/** What an account grew by, on its debit side. */
const debited = (postings: readonly Posting[], account: string): Pico =>
  postings.reduce(
    (sum, { debit, credit, amount }) =>
      sum + (debit.name.startsWith(account) ? amount : 0n) - (credit.name.startsWith(account) ? amount : 0n),
    0n,
  );
const sum = (amounts: readonly Pico[]) => amounts.reduce((total, amount) => total + amount, 0n);

describe('tax', () => {
  it('comes on top of prices, or is contained in them', () => {
    const of = (rates: TaxRate[], amount: string) =>
      taxesOf(cent, [{ rates, amount: parseAmount(amount) }]).map(({ base, amount }) => [
        formatAmount(base),
        formatAmount(amount),
      ]);
    expect(of([vat], '100')).toEqual([['100', '19']]);
    expect(of([{ ...vat, mode: 'inclusive' }], '119')).toEqual([['100', '19']]);
    expect(of([{ ...vat, rate: '0.08875' }], '0.99')).toEqual([['0.99', '0.09']]);
    // Quebec: two taxes on the same base.
    const both = [
      { ...vat, name: 'GST', rate: '0.05' },
      { ...vat, name: 'QST', rate: '0.09975' },
    ];
    expect(of(both, '1000')).toEqual([
      ['1000', '50'],
      ['1000', '99.75'],
    ]);
    expect(of([], '100')).toEqual([]);
  });

  it('is rounded once for all lines of a rate, and each month has its own rates', () => {
    const reduced = { ...vat, rate: '0.16' };
    const base = (rate: TaxRate, amount: string) => ({ rates: [rate], amount: parseAmount(amount) });
    const taxes = taxesOf(cent, [base(vat, '0.02'), base(vat, '0.02'), base(vat, '0.02'), base(reduced, '10')]);
    expect(taxes.map(({ rate, amount }) => [rate, formatAmount(amount)])).toEqual([
      ['0.19', '0.01'],
      ['0.16', '1.6'],
    ]);
  });
});

describe('an invoice', () => {
  const settle = (exact: string, rounded: string, funds: Funding, rates: TaxRate[] = [vat]) => {
    const amount = parseAmount(rounded);
    const taxes = taxesOf(cent, [{ rates, amount }]);
    const settled = settleInvoice(cent, { exact: parseAmount(exact), rounded: amount, taxes }, funds);
    const { total, prepaid, due, postings } = settled;
    return { amounts: [total, prepaid, due].map(formatAmount), postings: said(postings) };
  };

  it('of postpaid usage is owed: with tax on top, and what rounding takes or gives booked', () => {
    expect(settle('100.004', '100', funding({}, '0', { default: '60.004', lab: '40' }))).toEqual({
      amounts: ['119', '0', '119'],
      postings: [
        'receivable ← unbilled-receivable 60.004',
        'receivable ← unbilled-receivable:lab 40',
        'rounding ← receivable 0.004',
        'receivable ← tax-payable:DE 19',
      ],
    });
  });

  it('of prepaid usage is paid: tax and rounding are taken from the wallets that paid', () => {
    expect(settle('10.006', '10.01', funding({ default: '5.003', lab: '5.003' }, '0', {}))).toEqual({
      amounts: ['11.91', '11.91', '0'],
      postings: [
        'customer-wallet ← rounding 0.002',
        'customer-wallet:lab ← rounding 0.002',
        'customer-wallet ← tax-payable:DE 0.95',
        'customer-wallet:lab ← tax-payable:DE 0.95',
      ],
    });
  });

  it('that contains its tax takes it out of revenue', () => {
    const inclusive = { ...vat, mode: 'inclusive' as const };
    expect(settle('119', '119', funding({}, '119', {}), [inclusive])).toEqual({
      amounts: ['119', '119', '0'],
      postings: ['tax-included ← tax-payable:DE 19'],
    });
  });

  it('of many tiny lines comes to the sum of its rounded lines, whoever pays', () => {
    // 100 lines of 0.004, each of which is 0.00.
    for (const funds of [
      funding({ default: '0.4' }, '0', {}),
      funding({}, '0', { default: '0.4' }),
      funding({ default: '0.2' }, '0', { default: '0.2' }),
    ]) {
      expect(settle('0.4', '0', funds).amounts).toEqual(['0', '0', '0']);
    }
  });

  it('with a correction that gave back more than was used is owed to the customer', () => {
    expect(settle('-5', '-5', funding({}, '0', { default: '-5' })).amounts).toEqual(['-5.95', '0', '-5.95']);
  });
});

const pico = fc.bigInt(-(10n ** 15n), 10n ** 16n);
const rates = fc.array(
  fc.record({
    jurisdiction: fc.constantFrom('DE', 'CA'),
    name: fc.constantFrom('VAT', 'GST'),
    rate: fc.constantFrom('0', '0.19', '0.08875', '0.2', '0.009975'),
    mode: fc.constantFrom('exclusive' as const, 'inclusive' as const),
  }),
  { maxLength: 3 },
);
const invoice = fc.record({
  lines: fc.array(pico, { minLength: 1, maxLength: 12 }),
  wallet: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
  credits: fc.constantFrom(0n, 1n, 10n ** 9n),
  rates,
});

it('loses nothing: Σ rounded + remainder = exact, all of it payable, the postings are what the invoice says', () => {
  fc.assert(
    fc.property(invoice, ({ lines, wallet, credits, rates }) => {
      const [exact, rounded] = [sum(lines), sum(lines.map((line) => roundTo(cent, line)))];
      const ofWallets = sum(lines.filter((_, index) => wallet[index] === true));
      const funds: Funding = {
        wallets: new Map([
          ['default', ofWallets - credits - 7n],
          ['lab', 7n],
        ]),
        credits,
        unbilled: new Map([['default', exact - ofWallets]]),
      };
      const taxes = taxesOf(cent, [{ rates, amount: rounded }]);
      const { total, prepaid, due, postings } = settleInvoice(cent, { exact, rounded, taxes }, funds);
      expect(rounded + debited(postings, 'rounding')).toBe(exact);
      expect([total, prepaid, due].map((amount) => amount % cent)).toEqual([0n, 0n, 0n]);
      expect(prepaid + due).toBe(total);
      // What is owed unbilled is owed by invoice, and wallets are where they were but for rounding and tax.
      expect(debited(postings, 'receivable')).toBe(due);
      expect(debited(postings, 'unbilled-receivable')).toBe(ofWallets - exact);
      expect(debited(postings, 'customer-wallet')).toBe(prepaid - ofWallets);
      expect(-debited(postings, 'tax-payable')).toBe(sum(taxes.map(({ amount }) => amount)));
      const undone = [...postings, ...reversePostings(postings)];
      for (const account of ['receivable', 'customer-wallet', 'rounding', 'tax-payable', 'tax-included']) {
        expect(debited(undone, account)).toBe(0n);
      }
      expect(postings.every(({ amount }) => amount > 0n)).toBe(true);
    }),
  );
});

it('that one kind of money paid is paid or owed whole', () => {
  fc.assert(
    fc.property(fc.array(pico, { minLength: 1 }), rates, fc.boolean(), (lines, rates, isPrepaid) => {
      const [exact, rounded] = [sum(lines), sum(lines.map((line) => roundTo(cent, line)))];
      fc.pre(exact !== 0n);
      const taxes = taxesOf(cent, [{ rates, amount: rounded }]);
      const all = new Map([['default', exact]]);
      const funds = { wallets: isPrepaid ? all : new Map(), credits: 0n, unbilled: isPrepaid ? new Map() : all };
      const { total, prepaid, due } = settleInvoice(cent, { exact, rounded, taxes }, funds);
      expect(isPrepaid ? due : prepaid).toBe(0n);
      expect(isPrepaid ? prepaid : due).toBe(total);
    }),
  );
});

describe('credit notes', () => {
  it('take tax back in proportion, however an invoice is cut, to the last unit', () => {
    const cuts = fc.array(fc.nat(1000), { minLength: 1, maxLength: 10 });
    const amounts = fc.array(fc.bigInt(0n, 500n), { maxLength: 3 });
    fc.assert(
      fc.property(fc.bigInt(1n, 2000n), amounts, cuts, (net, taxAmounts, cuts) => {
        const total = (net + sum(taxAmounts)) * cent;
        let invoice: CreditedInvoice = {
          total,
          creditedBefore: 0n,
          taxes: taxAmounts.map((units) => ({ jurisdiction: 'DE', amount: units * cent, creditedBefore: 0n })),
        };
        let credited = 0n;
        let outstanding = total / 2n;
        for (const cut of [...cuts.map((units) => BigInt(units) * cent), total]) {
          const left = total - invoice.creditedBefore;
          const amount = cut < left ? cut : left;
          if (amount === 0n) continue;
          const credit = splitCredit(cent, invoice, amount);
          expect(credit.net + sum(credit.taxes)).toBe(amount);
          expect([credit.net, ...credit.taxes].every((part) => part >= 0n && part % cent === 0n)).toBe(true);
          const postings = postCreditNote(invoice, credit, { outstanding, wallet: 'default' });
          const takenOff = -debited(postings, 'receivable');
          expect(takenOff).toBe(amount < outstanding ? amount : outstanding);
          expect(-debited(postings, 'customer-wallet')).toBe(amount - takenOff);
          outstanding -= takenOff;
          credited += credit.net;
          invoice = {
            total,
            creditedBefore: invoice.creditedBefore + amount,
            taxes: invoice.taxes.map((tax, index) => ({
              ...tax,
              creditedBefore: tax.creditedBefore + (credit.taxes[index] ?? 0n),
            })),
          };
        }
        expect(credited).toBe(net * cent);
        for (const tax of invoice.taxes) expect(tax.creditedBefore).toBe(tax.amount);
      }),
    );
  });

  it('of half an invoice take back half of its tax', () => {
    const tax: InvoiceTax = { ...vat, base: parseAmount('100'), amount: parseAmount('19') };
    const invoice = { total: parseAmount('119'), creditedBefore: 0n, taxes: [{ ...tax, creditedBefore: 0n }] };
    const credit = splitCredit(cent, invoice, parseAmount('59.50'));
    expect(credit).toEqual({ net: parseAmount('50'), taxes: [parseAmount('9.50')] });
    const target = { outstanding: parseAmount('20'), wallet: 'lab' };
    expect(said(postCreditNote(invoice, credit, target))).toEqual([
      'sales-credits ← receivable 20',
      'sales-credits ← customer-wallet:lab 30',
      'tax-payable:DE ← customer-wallet:lab 9.5',
    ]);
  });
});
