import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { AccountKind } from '#accounting/chart-of-accounts.js';
import {
  type AccountSums,
  balanceSheets,
  incomeStatements,
  type StatementLine,
} from '#accounting/statements/statements.js';
import type { balanceSheet, incomeStatement, ReportScope } from '#contracts/requests/accounting.js';
import { formatAmount } from '#money/pico.js';
import { coveredTransactions, scopeParameters } from './report-scope.js';

interface SumsRow {
  readonly name: string;
  readonly kind: AccountKind;
  readonly currency: string;
  readonly debits: string;
  readonly credits: string;
}

/** From the postings themselves, of all organisations together unless one is named. */
export async function readAccountSums(source: DataSource, scope: ReportScope): Promise<AccountSums[]> {
  const rows = await source.query<SumsRow[]>(
    `SELECT a.name, a.kind, a.currency, sum(e.debit) AS debits, sum(e.credit) AS credits
     FROM (
       SELECT side.account_id, sum(side.debit) AS debit, sum(side.credit) AS credit
       FROM transaction t JOIN posting p ON p.transaction_id = t.id
       CROSS JOIN LATERAL (VALUES (p.debit_account, p.amount, 0), (p.credit_account, 0, p.amount))
         AS side (account_id, debit, credit)
       WHERE ${coveredTransactions}
       GROUP BY side.account_id
     ) AS e JOIN account a ON a.id = e.account_id
     GROUP BY a.name, a.kind, a.currency`,
    scopeParameters(scope),
  );
  return rows.map((row) => ({ ...row, debits: BigInt(row.debits), credits: BigInt(row.credits) }));
}

export async function readBalanceSheet(
  source: DataSource,
  scope: z.infer<typeof balanceSheet.request>,
): Promise<z.infer<typeof balanceSheet.reply>> {
  const sheets = balanceSheets(await readAccountSums(source, scope));
  return {
    sheets: sheets.map(({ currency, assets, liabilities, equity, ...totals }) => ({
      ...{ currency, assets: shown(assets), liabilities: shown(liabilities), equity: shown(equity) },
      totalAssets: formatAmount(totals.totalAssets),
      totalLiabilities: formatAmount(totals.totalLiabilities),
      totalEquity: formatAmount(totals.totalEquity),
      balanced: totals.totalAssets === totals.totalLiabilities + totals.totalEquity,
    })),
  };
}

export async function readIncomeStatement(
  source: DataSource,
  scope: z.infer<typeof incomeStatement.request>,
): Promise<z.infer<typeof incomeStatement.reply>> {
  const statements = incomeStatements(await readAccountSums(source, scope));
  return {
    statements: statements.map(({ currency, income, expenses, totalIncome, totalExpenses, result }) => ({
      ...{ currency, income: shown(income), expenses: shown(expenses) },
      ...{ totalIncome: formatAmount(totalIncome), totalExpenses: formatAmount(totalExpenses) },
      result: formatAmount(result),
    })),
  };
}

const shown = (lines: readonly StatementLine[]) =>
  lines.map((line) => ({ ...line, amount: formatAmount(line.amount) }));
