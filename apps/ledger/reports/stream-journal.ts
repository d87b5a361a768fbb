import type { Account, AccountKind } from '#accounting/chart-of-accounts.js';
import type { JournalPosting, JournalTransaction } from '#accounting/statements/journal.js';
import type { ReportScope } from '#contracts/requests/accounting.js';
import type { BookReader, Row } from '../chain/book-reader.js';
import { OrderedRows } from '../chain/ordered-rows.js';
import { readAccountNames } from '../chain/verify-balances.js';
import { coveredTransactions, scopeParameters } from './report-scope.js';

const iso = (column: string) => `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** The transactions of the book as it stands at one moment, in the order of posting, however many. */
export async function* streamJournal(book: BookReader, scope: ReportScope): AsyncGenerator<JournalTransaction, void> {
  const accounts = await readAccountNames(book);
  const parameters = scopeParameters(scope);
  const postings = await OrderedRows.of(
    book.stream(
      `SELECT p.transaction_id, p.id, p.debit_account, p.credit_account, p.amount
       FROM posting p JOIN transaction t ON t.id = p.transaction_id WHERE ${coveredTransactions} ORDER BY p.transaction_id, p.id`,
      parameters,
    ),
  );
  const accountOf = (id: string | null | undefined): Account => {
    const account = accounts.get(id ?? '');
    if (account === undefined) throw new Error(`A posting names account ${id}, which is not there: verify the book.`);
    return { name: account.name, kind: account.kind as AccountKind };
  };
  const transactions = `
    SELECT t.id, t.org_id, t.currency, t.kind, ${iso('t.effective_at')}, ${iso('t.posted_at')},
      to_char(t.period, 'YYYY-MM'), to_char(t.belongs_to, 'YYYY-MM'), t.corrects, t.memo
    FROM transaction t WHERE ${coveredTransactions} ORDER BY t.id`;
  for await (const row of book.stream(transactions, parameters)) {
    const own: JournalPosting[] = [];
    for await (const [, id, debit, credit, amount] of postings.at(BigInt(row[0] ?? 0))) {
      own.push({ id: id ?? '', debit: accountOf(debit), credit: accountOf(credit), amount: BigInt(amount ?? 0) });
    }
    yield { ...readTransaction(row), postings: own };
  }
}

function readTransaction([id, orgId, currency, kind, effectiveAt, postedAt, period, belongsTo, corrects, memo]: Row) {
  return {
    ...{ id: id ?? '', orgId: orgId ?? '', currency: currency ?? '', kind: kind ?? '' },
    ...{ effectiveAt: effectiveAt ?? '', postedAt: postedAt ?? '', period: period ?? '', belongsTo: belongsTo ?? '' },
    ...(typeof corrects === 'string' ? { corrects } : {}),
    ...(typeof memo === 'string' ? { memo } : {}),
  };
}
