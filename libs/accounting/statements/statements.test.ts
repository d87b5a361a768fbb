import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Account, AccountKind } from '#accounting/chart-of-accounts.js';
import type { Pico } from '#money/pico.js';
import { type AccountSums, balanceSheets, incomeStatements } from './statements.js';

const accounts: readonly Account[] = [
  { name: 'cash-clearing', kind: 'asset' },
  { name: 'customer-wallet', kind: 'liability' },
  { name: 'customer-wallet:research', kind: 'liability' },
  { name: 'usage-revenue:openai', kind: 'income' },
  { name: 'usage-revenue:anthropic', kind: 'income' },
  { name: 'cost-of-sales:openai', kind: 'expense' },
  { name: 'provider-clearing:openai', kind: 'liability' },
];

/** Any history of pair postings, added up by account. */
const histories = fc
  .array(
    fc.record({
      debit: fc.constantFrom(...accounts),
      credit: fc.constantFrom(...accounts),
      amount: fc.bigInt({ min: 1n, max: 10n ** 27n }),
      currency: fc.constantFrom('USD', 'EUR'),
    }),
    { maxLength: 30 },
  )
  .map((postings) => {
    const sums = new Map<string, AccountSums & { debits: Pico; credits: Pico }>();
    const on = (account: Account, currency: string) => {
      const key = `${account.name} ${currency}`;
      const sum = sums.get(key) ?? { ...account, currency, debits: 0n, credits: 0n };
      sums.set(key, sum);
      return sum as { debits: Pico; credits: Pico };
    };
    for (const { debit, credit, amount, currency } of postings) {
      on(debit, currency).debits += amount;
      on(credit, currency).credits += amount;
    }
    return [...sums.values()];
  });

describe('statements', () => {
  it('balance whatever was posted: assets = liabilities + equity, in every currency', () => {
    fc.assert(
      fc.property(histories, (sums) => {
        for (const sheet of balanceSheets(sums)) {
          expect(sheet.totalAssets).toBe(sheet.totalLiabilities + sheet.totalEquity);
        }
      }),
    );
  });

  it('agree: the result of the income statement is the equity of the balance sheet', () => {
    fc.assert(
      fc.property(histories, (sums) => {
        const equity = balanceSheets(sums).map(({ currency, totalEquity }) => [currency, totalEquity]);
        expect(incomeStatements(sums).map(({ currency, result }) => [currency, result])).toEqual(equity);
      }),
    );
  });

  it('show usage by provider and wallets as a whole', () => {
    const sum = (name: string, kind: AccountKind, debits: Pico, credits: Pico) => ({
      name,
      kind,
      currency: 'USD',
      debits,
      credits,
    });
    const sums = [
      sum('cash-clearing', 'asset', 100n, 0n),
      sum('customer-wallet', 'liability', 30n, 60n),
      sum('customer-wallet:research', 'liability', 10n, 40n),
      sum('usage-revenue:openai', 'income', 0n, 30n),
      sum('usage-revenue:anthropic', 'income', 0n, 10n),
      sum('cost-of-sales:openai', 'expense', 25n, 0n),
      sum('provider-clearing:openai', 'liability', 0n, 25n),
    ];
    expect(balanceSheets(sums)).toEqual([
      {
        currency: 'USD',
        assets: [{ account: 'cash-clearing', amount: 100n }],
        liabilities: [
          { account: 'customer-wallet', amount: 60n },
          { account: 'provider-clearing', provider: 'openai', amount: 25n },
        ],
        equity: [{ account: 'result', amount: 15n }],
        ...{ totalAssets: 100n, totalLiabilities: 85n, totalEquity: 15n },
      },
    ]);
    expect(incomeStatements(sums)).toEqual([
      {
        currency: 'USD',
        income: [
          { account: 'usage-revenue', provider: 'anthropic', amount: 10n },
          { account: 'usage-revenue', provider: 'openai', amount: 30n },
        ],
        expenses: [{ account: 'cost-of-sales', provider: 'openai', amount: 25n }],
        ...{ totalIncome: 40n, totalExpenses: 25n, result: 15n },
      },
    ]);
  });
});
