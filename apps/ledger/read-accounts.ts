import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type AccountKind, balanceOf } from '#accounting/chart-of-accounts.js';
import type { LedgerAccount, listAccounts, trialBalance } from '#contracts/requests/ledger.js';
import type { ReportScope } from '#contracts/requests/accounting.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from './page.js';
import { coveredTransactions, isPartial, scopeParameters } from './reports/report-scope.js';

interface AccountRow {
  readonly id: string;
  readonly org_id: string;
  readonly name: string;
  readonly kind: AccountKind;
  readonly currency: string;
  readonly debits: string;
  readonly credits: string;
}

/**
 * The kept balances answer what everything came to; a part of it is added up. The parameters are $1 to $6: Postgres wants
 * a type for each, also where the kept balances need two of them only.
 */
const selectAccounts = (scope: ReportScope) => `
  SELECT a.id, a.org_id, a.name, a.kind, a.currency, coalesce(b.debits, 0) AS debits, coalesce(b.credits, 0) AS credits
  FROM account a ${
    isPartial(scope)
      ? `CROSS JOIN LATERAL (
           SELECT sum(p.amount) FILTER (WHERE p.debit_account = a.id) AS debits,
             sum(p.amount) FILTER (WHERE p.credit_account = a.id) AS credits
           FROM posting p JOIN transaction t ON t.id = p.transaction_id
           WHERE a.id IN (p.debit_account, p.credit_account) AND ${coveredTransactions}
         ) AS b`
      : 'LEFT JOIN balance b ON b.account_id = a.id'
  }
  WHERE ($1::text IS NULL OR a.org_id = $1) AND ($2::text IS NULL OR a.currency = $2)
    AND num_nonnulls($3::date, $4::date, $5::timestamptz, $6::timestamptz) >= 0`;

/** An organisation's accounts by name, with their balances now, or as of another time. */
export async function readAccounts(
  source: DataSource,
  request: z.infer<typeof listAccounts.request>,
): Promise<z.infer<typeof listAccounts.reply>> {
  const size = pageSize(request);
  const rows = await source.query<AccountRow[]>(
    `${selectAccounts(request)} AND ($7::text IS NULL OR (a.name, a.currency) > ($7, $8))
     ORDER BY a.name, a.currency LIMIT $9`,
    [...scopeParameters(request), ...cursorOf(request, 2), size + 1],
  );
  return toPage(rows, size, (row) => [row.name, row.currency], toAccount);
}

/** Every account of one organisation or of all, and per currency the two sums that must be equal. */
export async function readTrialBalance(
  source: DataSource,
  scope: z.infer<typeof trialBalance.request>,
): Promise<z.infer<typeof trialBalance.reply>> {
  const rows = await source.query<AccountRow[]>(
    `${selectAccounts(scope)} ORDER BY a.org_id, a.currency, a.name`,
    scopeParameters(scope),
  );
  const totals = new Map<string, { debits: Pico; credits: Pico }>();
  for (const { currency, debits, credits } of rows) {
    const total = totals.get(currency) ?? { debits: 0n, credits: 0n };
    totals.set(currency, { debits: total.debits + BigInt(debits), credits: total.credits + BigInt(credits) });
  }
  return {
    rows: rows.map(toAccount),
    totals: [...totals].map(([currency, { debits, credits }]) => ({
      currency,
      debits: formatAmount(debits),
      credits: formatAmount(credits),
      balanced: debits === credits,
    })),
  };
}

function toAccount({ org_id, debits, credits, ...row }: AccountRow): LedgerAccount {
  return {
    ...row,
    orgId: org_id,
    debits: formatAmount(BigInt(debits)),
    credits: formatAmount(BigInt(credits)),
    balance: formatAmount(balanceOf(row.kind, BigInt(debits), BigInt(credits))),
  };
}
