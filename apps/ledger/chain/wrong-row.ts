import type { BookReader, Row } from './book-reader.js';
import { leafLength, leafOf } from './canonical.js';
import { type Chained, genesis, keyOf, selectRows } from './chained-tables.js';
import { type Finding, shown } from './finding.js';

/** The first row or leaf of a block without its other: only asked for a block of which it is known that there is one. */
export async function wrongRowOf(book: BookReader, tables: readonly Chained[], height: number): Promise<Finding> {
  for (const of of tables) {
    const leaves = await leavesOf(book, of, height);
    const rows = await rowsOf(book, of, height);
    const finding = compare(of, rows, leaves);
    if (finding !== undefined) return { ...finding, block: height };
  }
  const known = tables.map(({ table }) => table).join(', ');
  return {
    ...{ table: 'leaf_page', key: 'source', block: height },
    ...{ stored: 'leaves of another table', expected: `leaves of ${known}` },
  };
}

/** In the order of the pages, which is that of the keys within one statement. */
async function leavesOf(book: BookReader, { table }: Chained, height: number): Promise<string[]> {
  const pages = await book.all(
    `SELECT encode(p.leaves, 'hex') FROM leaf_page p JOIN block b ON b.xid = p.xid
     WHERE b.height = $1 AND p.source = $2 ORDER BY p.id`,
    [height, table],
  );
  const width = 2 * leafLength;
  return pages.flatMap(([hex]) =>
    Array.from({ length: (hex ?? '').length / width }, (_, index) =>
      (hex ?? '').slice(index * width, (index + 1) * width),
    ),
  );
}

/** Rows of no block are said to be of the first. */
const rowsOf = (book: BookReader, of: Chained, height: number): Promise<Row[]> =>
  book.all(
    `${selectRows(of)} WHERE xid IN (SELECT xid FROM block WHERE height = $1)
       OR ($1 = ${genesis} AND xid NOT IN (SELECT xid FROM block)) ORDER BY ${of.key.map((name) => `${of.table}.${name}`).join(', ')}`,
    [height],
  );

function compare(of: Chained, rows: readonly Row[], leaves: readonly string[]): Omit<Finding, 'block'> | undefined {
  const unmatched = new Map<string, number>();
  for (const leaf of leaves) unmatched.set(leaf, (unmatched.get(leaf) ?? 0) + 1);
  const keyOfLeaf = new Map<string, string>();
  let wrong: Row | undefined;
  for (const row of rows) {
    const leaf = leafOf(row).toString('hex');
    const left = unmatched.get(leaf) ?? 0;
    if (left === 0) wrong ??= row;
    else unmatched.set(leaf, left - 1);
    keyOfLeaf.set(leaf, keyOf(of, row));
  }
  const orphan = leaves.findIndex((leaf) => (unmatched.get(leaf) ?? 0) > 0);
  if (wrong !== undefined) {
    return {
      table: of.table,
      key: keyOf(of, wrong),
      stored: `${shown(wrong)}, which is ${leafOf(wrong).toString('hex')}`,
      expected: orphan === -1 ? 'no such row: it has no leaf' : `a row that is ${leaves[orphan]}`,
    };
  }
  if (orphan === -1) return undefined;
  const before = keyOfLeaf.get(leaves[orphan - 1] ?? '');
  const after = keyOfLeaf.get(leaves[orphan + 1] ?? '');
  return {
    table: of.table,
    key: between(before, after),
    stored: 'no row',
    expected: `a row that is ${leaves[orphan]}`,
  };
}

/** Where a row that is gone stood. */
function between(before: string | undefined, after: string | undefined): string {
  if (before === undefined && after === undefined) return 'unknown';
  return [before === undefined ? [] : `after ${before}`, after === undefined ? [] : `before ${after}`]
    .flat()
    .join(', ');
}
