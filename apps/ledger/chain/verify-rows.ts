import type { BookReader } from './book-reader.js';
import { leafOf } from './canonical.js';
import { type Chained, genesis, selectRows, xidOf } from './chained-tables.js';
import type { CheckResult } from './finding.js';
import type { KeyedSums } from './keyed-sums.js';
import { wrongRowOf } from './wrong-row.js';
import { type Chain, leafElement } from './verify-blocks.js';

interface RowsToVerify {
  readonly tables: readonly Chained[];
  readonly chain: Chain;
  /** With every leaf of the pages counted for its block. */
  readonly leaves: KeyedSums;
  /** Told every so many rows. */
  readonly progress: (rows: number) => void;
}

const rowsPerReport = 100_000;

/** Every row of the book has exactly one leaf in the block of the database transaction that wrote it, and every leaf a row. */
export async function verifyRows(
  book: BookReader,
  { tables, chain, leaves, progress }: RowsToVerify,
): Promise<CheckResult> {
  let rows = 0;
  for (const of of tables) {
    for await (const row of book.stream(selectRows(of))) {
      leaves.subtract(chain.heightOf(xidOf(of, row)) ?? genesis, leafElement(of.table, leafOf(row)));
      rows += 1;
      if (rows % rowsPerReport === 0) progress(rows);
    }
  }
  const seen = `${rows} rows of ${tables.length} tables`;
  const slots = Math.max(1, chain.length);
  const height = leaves.firstUnequal(slots);
  if (height === undefined) return { check: 'rows', seen, wrong: 0 };
  return { check: 'rows', seen, wrong: leaves.unequalCount(slots), first: await wrongRowOf(book, tables, height) };
}
