import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { type AccountKind, balanceOf } from '#accounting/chart-of-accounts.js';
import type { generalLedger } from '#contracts/requests/accounting.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { coveredTransactions, scopeParameters } from './report-scope.js';

type Request = z.infer<typeof generalLedger.request>;

interface EntryRow {
  readonly transaction_id: string;
  readonly posting_id: string;
  readonly kind: string;
  readonly side: 'debit' | 'credit';
  readonly amount: string;
  readonly debits: string;
  readonly credits: string;
  readonly against: string;
  readonly effective_at: Date;
  readonly posted_at: Date;
  readonly period: string;
}

/** The entries of one account in the order of posting, each with the balance after it. @throws RequestFailure `not_found` */
export async function readAccountLedger(
  source: DataSource,
  request: Request,
): Promise<z.infer<typeof generalLedger.reply>> {
  const account = await findAccount(source, request);
  const { from, ...throughout } = request;
  const opening = from === undefined ? 0n : await balanceBefore(source, account, request);
  const closing = await balanceWithin(source, account, throughout);
  const size = pageSize(request);
  const rows = await source.query<EntryRow[]>(
    `SELECT * FROM (
       SELECT p.transaction_id, p.id AS posting_id, t.kind, side, p.amount, against.name AS against, t.effective_at,
         t.posted_at, to_char(t.period, 'YYYY-MM') AS period,
         sum(p.amount) FILTER (WHERE side = 'debit') OVER running AS debits,
         sum(p.amount) FILTER (WHERE side = 'credit') OVER running AS credits
       FROM posting p JOIN transaction t ON t.id = p.transaction_id
         CROSS JOIN LATERAL (SELECT CASE p.debit_account WHEN $7 THEN 'debit' ELSE 'credit' END AS side) AS own
         JOIN account against ON against.id = CASE side WHEN 'debit' THEN p.credit_account ELSE p.debit_account END
       WHERE $7 IN (p.debit_account, p.credit_account) AND ${coveredTransactions}
       WINDOW running AS (ORDER BY p.id)
     ) AS entry WHERE $8::bigint IS NULL OR posting_id > $8 ORDER BY posting_id LIMIT $9`,
    [...scopeParameters(request), account.id, ...cursorOf(request, 1), size + 1],
  );
  const page = toPage(
    rows,
    size,
    ({ posting_id }) => [posting_id],
    (row) => ({
      ...{ transactionId: row.transaction_id, postingId: row.posting_id, kind: row.kind, side: row.side },
      amount: formatAmount(BigInt(row.amount)),
      balance: formatAmount(opening + balanceOf(account.kind, BigInt(row.debits ?? 0), BigInt(row.credits ?? 0))),
      ...{ against: row.against, effectiveAt: row.effective_at.toISOString(), postedAt: row.posted_at.toISOString() },
      period: row.period,
    }),
  );
  return { opening: formatAmount(opening), closing: formatAmount(closing), ...page };
}

interface FoundAccount {
  readonly id: string;
  readonly kind: AccountKind;
}

async function findAccount(source: DataSource, { orgId, account, currency }: Request): Promise<FoundAccount> {
  const [found] = await source.query<FoundAccount[]>(
    'SELECT id, kind FROM account WHERE (org_id, name, currency) = ($1, $2, $3)',
    [orgId, account, currency],
  );
  if (found !== undefined) return found;
  throw new RequestFailure('not_found', `There is no account "${account}" of ${orgId} in ${currency}.`);
}

/** Of everything before the first month that is asked for. */
async function balanceBefore(source: DataSource, account: FoundAccount, { from, ...request }: Request): Promise<Pico> {
  const date = new Date(`${from}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() - 1);
  return balanceWithin(source, account, { ...request, to: date.toISOString().slice(0, 7) });
}

async function balanceWithin(source: DataSource, { id, kind }: FoundAccount, scope: Request): Promise<Pico> {
  const [sums] = await source.query<{ debits: string; credits: string }[]>(
    `SELECT coalesce(sum(p.amount) FILTER (WHERE p.debit_account = $7), 0) AS debits,
       coalesce(sum(p.amount) FILTER (WHERE p.credit_account = $7), 0) AS credits
     FROM posting p JOIN transaction t ON t.id = p.transaction_id
     WHERE $7 IN (p.debit_account, p.credit_account) AND ${coveredTransactions}`,
    [...scopeParameters(scope), id],
  );
  return balanceOf(kind, BigInt(sums?.debits ?? 0), BigInt(sums?.credits ?? 0));
}
