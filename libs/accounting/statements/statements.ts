import type { Pico } from '#money/pico.js';
import { type AccountKind, balanceOf } from '#accounting/chart-of-accounts.js';

/** What was moved on an account, or on several of one name. */
export interface AccountSums {
  readonly name: string;
  readonly kind: AccountKind;
  readonly currency: string;
  readonly debits: Pico;
  readonly credits: Pico;
}

export interface StatementLine {
  readonly account: string;
  /** Of accounts by provider. */
  readonly provider?: string;
  readonly amount: Pico;
}

export interface BalanceSheet {
  readonly currency: string;
  readonly assets: readonly StatementLine[];
  readonly liabilities: readonly StatementLine[];
  readonly equity: readonly StatementLine[];
  readonly totalAssets: Pico;
  readonly totalLiabilities: Pico;
  readonly totalEquity: Pico;
}

export interface IncomeStatement {
  readonly currency: string;
  readonly income: readonly StatementLine[];
  readonly expenses: readonly StatementLine[];
  readonly totalIncome: Pico;
  readonly totalExpenses: Pico;
  readonly result: Pico;
}

/** One sheet per currency. The result of all that is given is a line of the equity, so both sides are equal. */
export function balanceSheets(sums: readonly AccountSums[]): BalanceSheet[] {
  return byCurrency(sums).map(([currency, own]) => {
    const [assets, liabilities] = [linesOf(own, 'asset'), linesOf(own, 'liability')];
    const equity = [{ account: 'result', amount: total(linesOf(own, 'income')) - total(linesOf(own, 'expense')) }];
    return {
      ...{ currency, assets, liabilities, equity },
      ...{ totalAssets: total(assets), totalLiabilities: total(liabilities), totalEquity: total(equity) },
    };
  });
}

/** One statement per currency, by account class and, where an account has one, provider. */
export function incomeStatements(sums: readonly AccountSums[]): IncomeStatement[] {
  return byCurrency(sums).map(([currency, own]) => {
    const [income, expenses] = [linesOf(own, 'income'), linesOf(own, 'expense')];
    const [totalIncome, totalExpenses] = [total(income), total(expenses)];
    return { currency, income, expenses, totalIncome, totalExpenses, result: totalIncome - totalExpenses };
  });
}

/** The classes whose accounts are one to a provider. Those of wallets and grants are of interest as a whole only. */
const byProvider = new Set(['usage-revenue', 'cost-of-sales', 'provider-clearing', 'provider-payable']);

function linesOf(sums: readonly AccountSums[], kind: AccountKind): StatementLine[] {
  const lines = new Map<string, StatementLine>();
  for (const { name, debits, credits } of sums.filter((sum) => sum.kind === kind)) {
    const colon = name.indexOf(':');
    const account = colon === -1 ? name : name.slice(0, colon);
    const provider = colon !== -1 && byProvider.has(account) ? name.slice(colon + 1) : undefined;
    const key = provider === undefined ? account : name;
    const amount = (lines.get(key)?.amount ?? 0n) + balanceOf(kind, debits, credits);
    lines.set(key, { account, ...(provider === undefined ? {} : { provider }), amount });
  }
  return [...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, line]) => line);
}

const total = (lines: readonly StatementLine[]) => lines.reduce((sum, { amount }) => sum + amount, 0n);

function byCurrency(sums: readonly AccountSums[]): [currency: string, own: AccountSums[]][] {
  const groups = new Map<string, AccountSums[]>();
  for (const sum of sums) {
    const group = groups.get(sum.currency);
    if (group === undefined) groups.set(sum.currency, [sum]);
    else group.push(sum);
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
