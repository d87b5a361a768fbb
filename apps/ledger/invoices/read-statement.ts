import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type AccountKind, balanceOf } from '#accounting/chart-of-accounts.js';
import type { accountStatement } from '#contracts/requests/invoices.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';

type Request = z.infer<typeof accountStatement.request>;

interface AccountRow {
  readonly account: string;
  readonly kind: AccountKind;
  readonly opening_debits: string;
  readonly opening_credits: string;
  readonly debits: string;
  readonly credits: string;
}

interface MovementRow {
  readonly account: string;
  readonly account_kind: AccountKind;
  readonly at: Date;
  readonly sort: string;
  readonly kind: string;
  readonly transaction_id: string | null;
  readonly debit: string;
  readonly credit: string;
  readonly debits: string;
  readonly credits: string;
}

/**
 * What the organisation has with us: its own money, what it was given to use up, and what it owes. $1 organisation, $2
 * currency, $3 and $4 the days, $5 when the book knew.
 */
const entries = `
  SELECT a.name AS account, a.kind AS account_kind, t.kind,
    CASE e.side WHEN 'debit' THEN e.amount ELSE 0 END AS debit, CASE e.side WHEN 'credit' THEN e.amount ELSE 0 END AS credit,
    -- Usage by day: its batches say nothing to a customer.
    CASE WHEN t.kind = 'charge' THEN date_trunc('day', t.effective_at, 'UTC') ELSE t.effective_at END AS at,
    CASE WHEN t.kind <> 'charge' THEN t.id END AS transaction_id,
    t.effective_at < $3::timestamp AT TIME ZONE 'UTC' AS is_before
  FROM account a
  JOIN entry e ON e.account_id = a.id
  JOIN transaction t ON t.id = e.transaction_id
  WHERE (a.org_id, a.currency) = ($1, $2)
    AND split_part(a.name, ':', 1) IN ('customer-wallet', 'customer-credits', 'unbilled-receivable', 'receivable')
    AND t.effective_at < $4::timestamp AT TIME ZONE 'UTC' AND ($5::timestamptz IS NULL OR t.posted_at <= $5)`;

const parametersOf = ({ orgId, currency, period, postedAsOf }: Request) => [
  ...[orgId, currency, period.from, period.to, postedAsOf],
];

/** Opening and closing balances and all movements between them: each balance is the one before and its movement. */
export function readStatement(source: DataSource, request: Request): Promise<z.infer<typeof accountStatement.reply>> {
  return source.transaction('REPEATABLE READ', async (db) => {
    const accounts = await db.query<AccountRow[]>(
      `SELECT account, account_kind AS kind,
         coalesce(sum(debit) FILTER (WHERE is_before), 0) AS opening_debits,
         coalesce(sum(credit) FILTER (WHERE is_before), 0) AS opening_credits,
         coalesce(sum(debit) FILTER (WHERE NOT is_before), 0) AS debits,
         coalesce(sum(credit) FILTER (WHERE NOT is_before), 0) AS credits
       FROM (${entries}) AS e GROUP BY account, account_kind ORDER BY account`,
      parametersOf(request),
    );
    const size = pageSize(request);
    const rows = await db.query<MovementRow[]>(movements, [
      ...parametersOf(request),
      ...cursorOf(request, 2),
      size + 1,
    ]);
    return {
      ...toPage(rows, size, (row) => [row.account, row.sort], toMovement),
      accounts: accounts.map(toAccount),
    };
  });
}

/** `sort` orders an account's movements as its balance went. */
const movements = `
  SELECT * FROM (
    SELECT m.*, sum(m.debit) OVER account_so_far AS debits, sum(m.credit) OVER account_so_far AS credits
    FROM (
      SELECT account, account_kind, is_before, at, kind, transaction_id, sum(debit) AS debit, sum(credit) AS credit,
        to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') || lpad(coalesce(transaction_id, 0)::text, 20, '0')
          COLLATE "C" AS sort
      FROM (${entries}) AS e
      GROUP BY account, account_kind, is_before, at, kind, transaction_id
    ) AS m
    WINDOW account_so_far AS (PARTITION BY account ORDER BY sort)
  ) AS balanced
  WHERE NOT is_before AND ($6::text IS NULL OR (account, sort) > ($6, $7))
  ORDER BY account, sort LIMIT $8`;

function toAccount(row: AccountRow) {
  const { account, kind, debits, credits } = row;
  const opening = balanceOf(kind, BigInt(row.opening_debits), BigInt(row.opening_credits));
  return {
    account,
    opening: formatAmount(opening),
    debits: formatAmount(BigInt(debits)),
    credits: formatAmount(BigInt(credits)),
    closing: formatAmount(opening + balanceOf(kind, BigInt(debits), BigInt(credits))),
  };
}

const toMovement = (row: MovementRow) => ({
  account: row.account,
  at: row.at.toISOString(),
  kind: row.kind,
  ...(row.transaction_id === null ? {} : { transactionId: row.transaction_id }),
  debit: formatAmount(BigInt(row.debit)),
  credit: formatAmount(BigInt(row.credit)),
  balance: formatAmount(balanceOf(row.account_kind, BigInt(row.debits), BigInt(row.credits))),
});
