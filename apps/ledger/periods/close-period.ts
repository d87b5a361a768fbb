import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { closePeriod } from '#contracts/requests/accounting.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { takeTurn } from '../post-transactions.js';
import { readPeriod } from './read-periods.js';

/**
 * Closes a month for ever. Closing it again changes nothing.
 * @throws RequestFailure `conflict` when the month is not over, or an earlier one is open and has transactions.
 */
export async function closeMonth(
  source: DataSource,
  { period, closedBy }: z.infer<typeof closePeriod.request>,
): Promise<z.infer<typeof closePeriod.reply>> {
  return takeTurn(source, async (db) => {
    const before = await readPeriod(db, period);
    if (before.state === 'closed') return { ...before, repeated: true };
    await requireOver(db, period);
    await requireEarlierClosed(db, period);
    await db.query('INSERT INTO period_close (period, closed_by) VALUES ($1, $2)', [`${period}-01`, closedBy]);
    return { ...(await readPeriod(db, period)), repeated: false };
  });
}

/** By the database's clock, which is what stands in the book. */
async function requireOver(db: EntityManager, period: string): Promise<void> {
  const [row] = await db.query<{ present: string }[]>(`SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS present`);
  if (row !== undefined && period < row.present) return;
  throw new RequestFailure('conflict', `${period} is not over yet (UTC): close it when it is.`);
}

async function requireEarlierClosed(db: EntityManager, period: string): Promise<void> {
  const [open] = await db.query<{ period: string }[]>(
    `SELECT to_char(min(period), 'YYYY-MM') AS period FROM transaction
     WHERE period >= first_open_period() AND period < $1 HAVING min(period) IS NOT NULL`,
    [`${period}-01`],
  );
  if (open === undefined) return;
  throw new RequestFailure('conflict', `${open.period} is open and has transactions: close it before ${period}.`);
}
