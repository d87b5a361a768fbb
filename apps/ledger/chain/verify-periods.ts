import type { BookReader } from './book-reader.js';
import { genesis } from './chained-tables.js';
import type { Finding } from './finding.js';
import type { Chain } from './verify-blocks.js';
import type { Transaction } from './transaction.js';

/** Months that closed, with the height of the block that closed each, in the order of the heights. */
export type PeriodCloses = readonly { readonly period: string; readonly height: number }[];

export async function readPeriodCloses(book: BookReader, chain: Chain): Promise<PeriodCloses> {
  const rows = await book.all('SELECT period, xid FROM period_close');
  return rows
    .map(([period, xid]) => ({ period: period ?? '', height: chain.heightOf(xid ?? '') ?? genesis }))
    .toSorted((a, b) => a.height - b.height);
}

/**
 * A transaction stands in the month in which it happened, but not later than when it was posted and not in one that was
 * closed. The chain's order is the order of writing; what is older than the chain stands where it happened.
 */
export function wrongPeriodOf(
  { id, period, belongsTo, effectiveAtMicros, postedAtMicros, height }: Transaction,
  closes: PeriodCloses,
): Finding | undefined {
  const finding = (stored: string, expected: string) => ({ table: 'transaction', key: id, stored, expected });
  const happened = monthOf(effectiveAtMicros);
  if (belongsTo !== happened) return finding(`belongs to ${belongsTo}`, happened);
  const posted = monthOf(postedAtMicros);
  const expectedAfter = (closed: PeriodCloses) => {
    if (height === undefined) return happened;
    const firstOpen = closed.length === 0 ? happened : monthAfter(closed.map((close) => close.period).reduce(later));
    return later(firstOpen, happened < posted ? happened : posted);
  };
  const before = closes.filter((close) => close.height < (height ?? genesis));
  // Within one block nothing says which of the two came first.
  const atMost = closes.filter((close) => close.height <= (height ?? genesis));
  const expected = expectedAfter(before);
  return period === expected || period === expectedAfter(atMost) ? undefined : finding(`period ${period}`, expected);
}

const later = (a: string, b: string) => (a > b ? a : b);

/** The first day of the UTC month, as Postgres writes a date. */
const monthOf = (micros: bigint) => `${new Date(Number(micros / 1000n)).toISOString().slice(0, 7)}-01`;

function monthAfter(month: string): string {
  const date = new Date(`${month}T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString().slice(0, 10);
}
