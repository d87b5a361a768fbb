import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { AccountKind } from '#accounting/chart-of-accounts.js';
import type { journal, LedgerTransaction } from '#contracts/requests/accounting.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { coveredTransactions, scopeParameters } from './report-scope.js';

/** Each comes with its postings, and an answer has to fit into one message. */
const maxTransactions = 200;

export interface TransactionRow {
  readonly id: string;
  readonly org_id: string;
  readonly currency: string;
  readonly kind: string;
  readonly idempotency_key: string | null;
  readonly effective_at: Date;
  readonly posted_at: Date;
  readonly period: string;
  readonly belongs_to: string;
  readonly corrects: string | null;
  readonly memo: string | null;
}

export const transactionColumns = `t.id, t.org_id, t.currency, t.kind, t.idempotency_key, t.effective_at, t.posted_at,
  to_char(t.period, 'YYYY-MM') AS period, to_char(t.belongs_to, 'YYYY-MM') AS belongs_to, t.corrects, t.memo`;

/** Transactions with their postings, oldest first. */
export async function readJournal(
  source: DataSource,
  request: z.infer<typeof journal.request>,
): Promise<z.infer<typeof journal.reply>> {
  const size = Math.min(pageSize(request), maxTransactions);
  const rows = await source.query<TransactionRow[]>(
    `SELECT ${transactionColumns} FROM transaction t
     WHERE ${coveredTransactions} AND ($7::text IS NULL OR t.kind = $7) AND ($8::bigint IS NULL OR t.id > $8)
     ORDER BY t.id LIMIT $9`,
    [...scopeParameters(request), request.kind ?? null, ...cursorOf(request, 1), size + 1],
  );
  const postings = await readPostings(
    source,
    rows.slice(0, size).map(({ id }) => id),
  );
  return toPage(
    rows,
    size,
    ({ id }) => [id],
    (row) => toTransaction(row, postings.get(row.id) ?? []),
  );
}

interface PostingRow {
  readonly transaction_id: string;
  readonly id: string;
  readonly debit: string;
  readonly debit_kind: AccountKind;
  readonly credit: string;
  readonly credit_kind: AccountKind;
  readonly amount: string;
}

export async function readPostings(
  source: DataSource,
  transactionIds: readonly string[],
): Promise<Map<string, LedgerTransaction['postings']>> {
  const rows = await source.query<PostingRow[]>(
    `SELECT p.transaction_id, p.id, debit.name AS debit, debit.kind AS debit_kind, credit.name AS credit,
       credit.kind AS credit_kind, p.amount
     FROM posting p JOIN account debit ON debit.id = p.debit_account JOIN account credit ON credit.id = p.credit_account
     WHERE p.transaction_id = ANY($1::bigint[]) ORDER BY p.id`,
    [transactionIds],
  );
  const postings = new Map<string, LedgerTransaction['postings']>();
  for (const { transaction_id, id, debit, debit_kind, credit, credit_kind, amount } of rows) {
    const own = postings.get(transaction_id) ?? [];
    const sides = { debit, debitKind: debit_kind, credit, creditKind: credit_kind };
    postings.set(transaction_id, [...own, { id, ...sides, amount: formatAmount(BigInt(amount)) }]);
  }
  return postings;
}

export const toTransaction = (row: TransactionRow, postings: LedgerTransaction['postings']): LedgerTransaction => ({
  ...{ id: row.id, orgId: row.org_id, currency: row.currency, kind: row.kind },
  ...(row.idempotency_key === null ? {} : { idempotencyKey: row.idempotency_key }),
  ...{ effectiveAt: row.effective_at.toISOString(), postedAt: row.posted_at.toISOString() },
  ...{ period: row.period, belongsTo: row.belongs_to },
  ...(row.corrects === null ? {} : { corrects: row.corrects }),
  ...(row.memo === null ? {} : { memo: row.memo }),
  postings,
});
