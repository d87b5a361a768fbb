import type { BookReader, Row } from './book-reader.js';
import type { CheckResult } from './finding.js';
import { Findings, shown } from './finding.js';
import { OrderedRows } from './ordered-rows.js';
import type { Account, Movements, Transaction } from './transaction.js';
import type { Chain } from './verify-blocks.js';
import { type PeriodCloses, wrongPeriodOf } from './verify-periods.js';

interface TransactionsToVerify {
  readonly chain: Chain;
  readonly closes: PeriodCloses;
  readonly accounts: ReadonlyMap<string, Account>;
  /** `kind debit credit`, of account classes. */
  readonly allowed: ReadonlySet<string>;
  /** Filled. */
  readonly moved: Movements;
}

const transactions = `
  SELECT id, org_id, currency, kind, xid, period, belongs_to, (extract(epoch FROM effective_at) * 1000000)::bigint,
    (extract(epoch FROM posted_at) * 1000000)::bigint
  FROM transaction ORDER BY id`;
const postings = `
  SELECT transaction_id, id, org_id, currency, xid, debit_account, credit_account, amount
  FROM posting ORDER BY transaction_id, id`;
const charges = `
  SELECT transaction_id, 'charge', org_id, currency, xid, amount, cost, event_id
  FROM charge WHERE transaction_id IS NOT NULL ORDER BY transaction_id`;
const adjustments = `
  SELECT transaction_id, 'adjustment', org_id, currency, xid, amount, cost, event_id || ' ' || number
  FROM adjustment ORDER BY transaction_id`;

/**
 * Every posting, charge and adjustment belongs to one transaction of its organisation and currency that was written with
 * it; each posting is a movement that the transaction's kind may make; Σ charges + adjustments = Σ postings of usage; and
 * the transaction stands in a month that was open.
 */
export async function verifyTransactions(
  book: BookReader,
  { chain, closes, accounts, allowed, moved }: TransactionsToVerify,
): Promise<CheckResult> {
  const findings = new Findings();
  const parts = {
    posting: await OrderedRows.of(book.stream(postings)),
    charge: await OrderedRows.of(book.stream(charges)),
    adjustment: await OrderedRows.of(book.stream(adjustments)),
  };
  let count = 0;
  const strays = async (id: bigint | undefined) => {
    for (const [table, rows] of Object.entries(parts)) {
      for await (const row of rows.before(id)) {
        findings.add({ table, key: keyOfPart(table, row), stored: shown(row), expected: `a transaction ${row[0]}` });
      }
    }
  };
  for await (const row of book.stream(transactions)) {
    const transaction = readTransaction(row, chain);
    const { height } = transaction;
    const id = BigInt(transaction.id);
    await strays(id);
    const wrong = [wrongPeriodOf(transaction, closes)];
    const posted = { revenue: 0n, cost: 0n };
    const charged = { revenue: 0n, cost: 0n };
    for await (const part of parts.posting.at(id)) {
      wrong.push(wrongPosting(part, transaction, accounts, allowed));
      addPosting(part, { accounts, moved, posted });
    }
    for (const table of ['charge', 'adjustment'] as const) {
      for await (const part of parts[table].at(id)) {
        wrong.push(belongs(table, part, transaction));
        charged.revenue += BigInt(part[5] ?? 0);
        charged.cost += BigInt(part[6] ?? 0);
      }
    }
    if (posted.revenue !== charged.revenue || posted.cost !== charged.cost) {
      const stored = `postings of ${posted.revenue} revenue and ${posted.cost} cost`;
      const expected = `${charged.revenue} and ${charged.cost}, the sum of its charges and adjustments`;
      wrong.push({ table: 'transaction', key: transaction.id, stored, expected });
    }
    for (const one of wrong)
      if (one !== undefined) findings.add(height === undefined ? one : { ...one, block: height });
    count += 1;
  }
  await strays(undefined);
  return findings.result('transactions', `${count} transactions`);
}

function readTransaction(row: Row, chain: Chain): Transaction {
  const [id, orgId, currency, kind, xid, period, belongsTo, effectiveAt, postedAt] = row.map((field) => field ?? '');
  const height = chain.heightOf(xid ?? '');
  return {
    ...{ id: id ?? '', orgId: orgId ?? '', currency: currency ?? '', kind: kind ?? '', xid: xid ?? '' },
    ...{ period: period ?? '', belongsTo: belongsTo ?? '' },
    ...{ effectiveAtMicros: BigInt(effectiveAt ?? 0), postedAtMicros: BigInt(postedAt ?? 0) },
    ...(height === undefined ? {} : { height }),
  };
}

const keyOfPart = (table: string, row: Row) => String(table === 'posting' ? row[1] : `${row[2]} ${row[7]}`);

/** Of one organisation and currency with its transaction and, since there is a chain, of one database transaction. */
function belongs(table: string, part: Row, { id, orgId, currency, xid, height }: Transaction) {
  const [, , org, money, writer] = part;
  if (org === orgId && money === currency && (writer === xid || height === undefined)) return undefined;
  return {
    table,
    key: keyOfPart(table, part),
    stored: `${org} ${money}, written by ${writer}`,
    expected: `${orgId} ${currency}, written by ${xid}, as transaction ${id}`,
  };
}

const classOf = ({ name }: Pick<Account, 'name'>) => name.split(':', 1).join();

function wrongPosting(
  part: Row,
  transaction: Transaction,
  accounts: ReadonlyMap<string, Account>,
  allowed: ReadonlySet<string>,
) {
  const [, id, , , , debitId, creditId, amount] = part;
  const [debit, credit] = [accounts.get(debitId ?? ''), accounts.get(creditId ?? '')];
  const finding = (stored: string, expected: string) => ({ table: 'posting', key: id ?? '', stored, expected });
  for (const [account, accountId] of [
    [debit, debitId],
    [credit, creditId],
  ] as const) {
    if (account === undefined) return finding(`account ${accountId}`, 'an account that is there');
    if (account.orgId !== transaction.orgId || account.currency !== transaction.currency) {
      const stored = `account ${account.name} of ${account.orgId} in ${account.currency}`;
      return finding(stored, `one of ${transaction.orgId} in ${transaction.currency}`);
    }
  }
  if (!/^[1-9]\d*$/.test(amount ?? '')) return finding(`amount ${amount}`, 'a whole number above zero');
  if (debit === undefined || credit === undefined || debit === credit) return finding('one account', 'two accounts');
  const movement = `${transaction.kind} ${classOf(debit)} ${classOf(credit)}`;
  if (!allowed.has(movement))
    return finding(`${transaction.kind}: ${debit.name} to ${credit.name}`, 'a movement that this kind may make');
  return belongs('posting', part, transaction);
}

interface Sums {
  readonly accounts: ReadonlyMap<string, Account>;
  readonly moved: Movements;
  readonly posted: { revenue: bigint; cost: bigint };
}

function addPosting(part: Row, { accounts, moved, posted }: Sums): void {
  const [, , , , , debitId = '', creditId = '', text] = part;
  // What is no whole number was told above; the sums go on without it.
  const amount = /^-?\d+$/.test(text ?? '') ? BigInt(text ?? 0) : 0n;
  for (const [side, id] of [
    ['debits', debitId ?? ''],
    ['credits', creditId ?? ''],
  ] as const) {
    const sums = moved.get(id) ?? { debits: 0n, credits: 0n };
    sums[side] += amount;
    moved.set(id, sums);
    const kind = classOf(accounts.get(id) ?? { name: '' });
    if (kind === 'usage-revenue') posted.revenue += side === 'credits' ? amount : -amount;
    if (kind === 'cost-of-sales') posted.cost += side === 'debits' ? amount : -amount;
  }
}
