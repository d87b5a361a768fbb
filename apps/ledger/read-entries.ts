import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { listEntries } from '#contracts/requests/ledger.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from './page.js';
import { coveredTransactions, scopeParameters } from './reports/report-scope.js';

interface EntryRow {
  readonly transaction_id: string;
  readonly posting_id: string;
  readonly kind: string;
  readonly account: string;
  readonly side: 'debit' | 'credit';
  readonly currency: string;
  readonly amount: string;
  readonly effective_at: Date;
  readonly posted_at: Date;
}

/** An organisation's entries, newest first and a posting's debit before its credit, of one account or of all, as of now or of another time. */
export async function readEntries(
  source: DataSource,
  request: z.infer<typeof listEntries.request>,
): Promise<z.infer<typeof listEntries.reply>> {
  const size = pageSize(request);
  const rows = await source.query<EntryRow[]>(
    `SELECT e.transaction_id, e.posting_id, t.kind, a.name AS account, e.side, e.currency, e.amount,
       t.effective_at, t.posted_at
     FROM entry e JOIN account a ON a.id = e.account_id JOIN transaction t ON t.id = e.transaction_id
     WHERE e.org_id = $1 AND ${coveredTransactions} AND ($7::text IS NULL OR a.name = $7)
       AND ($8::bigint IS NULL OR (e.posting_id, e.side) < ($8::bigint, $9))
     ORDER BY e.posting_id DESC, e.side DESC LIMIT $10`,
    [...scopeParameters(request), request.account, ...cursorOf(request, 2), size + 1],
  );
  return toPage(
    rows,
    size,
    (row) => [row.posting_id, row.side],
    (row) => ({
      transactionId: row.transaction_id,
      postingId: row.posting_id,
      kind: row.kind,
      account: row.account,
      side: row.side,
      currency: row.currency,
      amount: formatAmount(BigInt(row.amount)),
      effectiveAt: row.effective_at.toISOString(),
      postedAt: row.posted_at.toISOString(),
    }),
  );
}
