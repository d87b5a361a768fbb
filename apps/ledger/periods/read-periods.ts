import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { LedgerPeriod, listPeriods } from '#contracts/requests/accounting.js';
import { cursorOf, pageSize, toPage } from '../page.js';

interface PeriodRow {
  readonly period: string;
  readonly closed: boolean;
  readonly closed_at: Date | null;
  readonly closed_by: string | null;
  readonly transactions: string;
  readonly late: string;
}

/** From the first month with anything in it to the present one, and whatever lies beyond either. */
const selectPeriods = `
  WITH month AS (
    SELECT generate_series(
      least((SELECT min(period) FROM period_total), (SELECT min(period) FROM period_close), present),
      greatest((SELECT max(period) FROM period_total), present), interval '1 month')::date AS period
    FROM (SELECT date_trunc('month', now() AT TIME ZONE 'UTC') AS present) AS clock
  )
  SELECT to_char(period, 'YYYY-MM') AS period, period < first_open_period() AS closed, closed_at, closed_by,
    coalesce(transactions, 0) AS transactions, coalesce(late, 0) AS late
  FROM month LEFT JOIN period_total USING (period) LEFT JOIN period_close USING (period)`;

/** The months of the book, newest first. */
export async function readPeriods(
  source: DataSource,
  request: z.infer<typeof listPeriods.request>,
): Promise<z.infer<typeof listPeriods.reply>> {
  const size = pageSize(request);
  const rows = await source.query<PeriodRow[]>(
    `SELECT * FROM (${selectPeriods}) AS listed WHERE $1::text IS NULL OR period < $1 ORDER BY period DESC LIMIT $2`,
    [...cursorOf(request, 1), size + 1],
  );
  return toPage(rows, size, ({ period }) => [period], toPeriod);
}

/** One month, also one that nothing stands in. */
export async function readPeriod(db: EntityManager, period: string): Promise<LedgerPeriod> {
  const [row] = await db.query<PeriodRow[]>(
    `SELECT $1::text AS period, $2::date < first_open_period() AS closed,
       (SELECT closed_at FROM period_close WHERE period = $2::date) AS closed_at,
       (SELECT closed_by FROM period_close WHERE period = $2::date) AS closed_by,
       coalesce(sum(transactions), 0) AS transactions, coalesce(sum(late), 0) AS late
     FROM period_total WHERE period = $2::date`,
    [period, `${period}-01`],
  );
  if (row === undefined) throw new Error(`A sum over ${period} came back without a row.`);
  return toPeriod(row);
}

function toPeriod({ period, closed, closed_at, closed_by, transactions, late }: PeriodRow): LedgerPeriod {
  return {
    period,
    state: closed ? 'closed' : 'open',
    ...(closed_at === null ? {} : { closedAt: closed_at.toISOString() }),
    ...(closed_by === null ? {} : { closedBy: closed_by }),
    transactions: Number(transactions),
    late: Number(late),
  };
}
