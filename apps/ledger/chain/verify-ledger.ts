import pg from 'pg';
import { QueryFailedError } from 'typeorm';
import type { LedgerHead } from '#contracts/ledger-head.js';
import { BookReader } from './book-reader.js';
import { chainedTables } from './chained-tables.js';
import { expectedGuards } from './expected-guards.js';
import type { CheckResult } from './finding.js';
import { KeyedSums } from './keyed-sums.js';
import { readAccountNames, verifyBalances } from './verify-balances.js';
import { verifyBlocks } from './verify-blocks.js';
import { verifyFinalInvoices } from './verify-final-invoices.js';
import { verifyGuards } from './verify-guards.js';
import { verifyHeads } from './verify-heads.js';
import { verifyIdentities } from './verify-identities.js';
import { verifyKept } from './verify-kept.js';
import { readPeriodCloses } from './verify-periods.js';
import { verifyRows } from './verify-rows.js';
import { verifySpending } from './verify-spending.js';
import type { Movements } from './transaction.js';
import { verifyTransactions } from './verify-transactions.js';

export interface Verification {
  /** In the order of the checks. Sound is what has no wrong one. */
  readonly results: readonly CheckResult[];
  /** Absent of an empty book. */
  readonly head?: LedgerHead;
}

interface VerifyOptions {
  /** Heads as they were published, from wherever they were kept. Absent: they are not compared. */
  readonly heads?: AsyncIterable<LedgerHead>;
  /** Told what is done, for a person who waits. */
  readonly progress?: (line: string) => void;
}

/**
 * Computes the whole book again, by other means than those that wrote it. Memory grows with the accounts and the blocks
 * (some 200 bytes each), not with the charges.
 * @throws PostgresFailure when the database cannot be read.
 */
export async function verifyLedger(
  databaseUrl: string,
  { heads, progress = () => undefined }: VerifyOptions = {},
): Promise<Verification> {
  const book = await BookReader.open(databaseUrl);
  const results: CheckResult[] = [];
  const note = (result: CheckResult) => {
    results.push(result);
    progress(`${result.check}: ${result.seen}, ${result.wrong === 0 ? 'sound' : `${result.wrong} WRONG`}`);
  };
  try {
    // First: what is amiss here tells why something else cannot be read.
    note(await verifyGuards(book));
    const leaves = new KeyedSums();
    const { chain, result } = await verifyBlocks(book, leaves);
    note(result);
    const rowsRead = (rows: number) => progress(`rows: ${rows} read`);
    note(await verifyRows(book, { tables: chainedTables, chain, leaves, progress: rowsRead }));
    const accounts = await readAccountNames(book);
    const moved: Movements = new Map();
    const closes = await readPeriodCloses(book, chain);
    note(await verifyTransactions(book, { chain, closes, accounts, allowed: allowedMovements(), moved }));
    note(await verifyBalances(book, accounts, moved));
    note(await verifyKept(book));
    note(await verifyIdentities(book));
    note(await verifySpending(databaseUrl));
    note(await verifyFinalInvoices(databaseUrl));
    if (heads !== undefined) note(await verifyHeads(book, heads));
    return { results, ...(chain.head === undefined ? {} : { head: chain.head }) };
  } catch (error) {
    const unreadable = unreadableTable(error);
    if (unreadable === undefined) throw error;
    note(unreadable);
    return { results };
  } finally {
    await book.close();
  }
}

/** A table or column that is gone, or rows that are hidden, are wrong as a wrong row is; an outage is not. */
function unreadableTable(error: unknown): CheckResult | undefined {
  const cause: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (!(cause instanceof pg.DatabaseError) || !/^42/.test(cause.code ?? '')) return undefined;
  const first = {
    table: 'the catalogue',
    key: 'a table',
    stored: cause.message,
    expected: 'a book that can be read whole',
  };
  return { check: 'reading', seen: 'not all of the book', wrong: 1, first };
}

/** Not from the book, which somebody may have taught another movement. */
function allowedMovements(): Set<string> {
  const allowed = new Set<string>();
  for (const line of expectedGuards) {
    const [, kind, pairs] = /^movements of (\S+): (.*)$/.exec(line) ?? [];
    for (const pair of pairs?.split(', ') ?? []) allowed.add(`${kind} ${pair.replace(' to ', ' ')}`);
  }
  return allowed;
}
