import type { DataSource, EntityManager } from 'typeorm';
import { type BudgetPeriod, periodAt } from '#accounting/budget-period.js';
import type { CountingBudget, PeriodSpending } from '#accounting/sum-spending.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { type Budget, budgetColumns, type BudgetRow, toBudget } from './find-budgets.js';
import { type Timestamp, toTimestamp } from './timestamp.js';

/** A period of a budget of which the kept sum is not that of the book. */
export interface SpendingDifference {
  readonly orgId: string;
  readonly budgetId: string;
  /** ISO, or `-infinity` of a total. */
  readonly periodStart: string;
  readonly kept: string;
  readonly booked: string;
}

/** Compares what is kept as spent with Σ charges and adjustments, of every budget that counts. No difference is the proof. */
export function proveSpending(source: DataSource): Promise<SpendingDifference[]> {
  // One snapshot: bookings go on meanwhile.
  return source.transaction('REPEATABLE READ', async (db) => {
    const differences: SpendingDifference[] = [];
    for (const budget of await findCountingBudgets(db)) differences.push(...(await compare(db, budget)));
    return differences;
  });
}

/** Builds what is kept as spent again, of every budget that counts. Nothing is booked meanwhile. */
export function rebuildSpending(source: DataSource): Promise<void> {
  return takeTurn(source, async (db) => {
    for (const budget of await findCountingBudgets(db)) {
      await db.query('DELETE FROM budget_spent WHERE (org_id, budget_id) = ($1, $2)', [budget.orgId, budget.id]);
      await keepSpending(db, await sumBooked(db, budget));
    }
  });
}

/** The first sums of a budget, or all of them anew. */
export async function keepSpending(db: EntityManager, sums: readonly PeriodSpending<CountingBudget>[]): Promise<void> {
  await db.query(
    `INSERT INTO budget_spent (org_id, budget_id, period_start, period_end, spent)
     SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::numeric[])`,
    [
      sums.map(({ budget }) => budget.orgId),
      sums.map(({ budget }) => budget.id),
      sums.map(({ period }) => toTimestamp(period.startMs)),
      sums.map(({ period }) => toTimestamp(period.endMs)),
      sums.map(({ amount }) => amount.toString()),
    ],
  );
}

const columnOf = { organisation: 'org_id', team: 'team_id', project: 'project_id', key: 'key_id' } as const;

/** Σ charges and adjustments of a budget's scope and currency, for each of its periods in which there are any. */
export async function sumBooked(db: EntityManager, budget: CountingBudget): Promise<PeriodSpending<CountingBudget>[]> {
  const periods = await periodsOf(db, budget);
  const rows = await db.query<{ place: number; amount: string }[]>(
    `SELECT p.place::integer AS place, sum(booked.amount) AS amount
     FROM unnest($4::timestamptz[], $5::timestamptz[]) WITH ORDINALITY AS p (period_start, period_end, place)
     CROSS JOIN LATERAL (
       SELECT c.amount FROM charge c
       WHERE c.org_id = $1 AND c.${columnOf[budget.scope]} = $2 AND c.currency = $3
         AND c.effective_at >= p.period_start AND c.effective_at < p.period_end
       UNION ALL
       SELECT a.amount FROM charge c JOIN adjustment a ON (a.org_id, a.event_id) = (c.org_id, c.event_id)
       WHERE c.org_id = $1 AND c.${columnOf[budget.scope]} = $2 AND a.currency = $3
         AND c.effective_at >= p.period_start AND c.effective_at < p.period_end
     ) AS booked
     GROUP BY p.place`,
    [
      ...[budget.orgId, budget.scopeId, budget.currency],
      periods.map(({ startMs }) => toTimestamp(startMs)),
      periods.map(({ endMs }) => toTimestamp(endMs)),
    ],
  );
  return rows.flatMap(({ place, amount }) => {
    const period = periods[place - 1];
    return period === undefined ? [] : [{ budget, period, amount: BigInt(amount) }];
  });
}

/** Every period from the budget's first to that of the latest charge. */
async function periodsOf(db: EntityManager, budget: CountingBudget): Promise<BudgetPeriod[]> {
  const [row] = await db.query<{ latest: Date | null }[]>(
    'SELECT max(effective_at) AS latest FROM charge WHERE org_id = $1',
    [budget.orgId],
  );
  const periods: BudgetPeriod[] = [];
  const latestMs = row?.latest?.getTime() ?? -Infinity;
  for (let atMs = budget.countsFromMs; atMs <= latestMs;) {
    const period = periodAt(budget, atMs);
    periods.push(period);
    atMs = period.endMs;
  }
  return periods;
}

async function findCountingBudgets(db: EntityManager): Promise<Budget[]> {
  const rows = await db.query<BudgetRow[]>(
    `SELECT ${budgetColumns} FROM budget_in_force b WHERE NOT b.archived ORDER BY b.org_id, b.id`,
  );
  return rows.map(toBudget);
}

async function compare(db: EntityManager, budget: Budget): Promise<SpendingDifference[]> {
  const kept = new Map<number, Pico>();
  const rows = await db.query<{ period_start: Timestamp; spent: string }[]>(
    'SELECT period_start, spent FROM budget_spent WHERE (org_id, budget_id) = ($1, $2)',
    [budget.orgId, budget.id],
  );
  for (const { period_start, spent } of rows) kept.set(Number(period_start), BigInt(spent));
  const booked = new Map((await sumBooked(db, budget)).map(({ period, amount }) => [period.startMs, amount]));
  return [...new Set([...kept.keys(), ...booked.keys()])]
    .toSorted((a, b) => a - b)
    .map((startMs) => ({ startMs, kept: kept.get(startMs) ?? 0n, booked: booked.get(startMs) ?? 0n }))
    .filter((sums) => sums.kept !== sums.booked)
    .map((sums) => ({
      orgId: budget.orgId,
      budgetId: budget.id,
      periodStart: toTimestamp(sums.startMs),
      kept: formatAmount(sums.kept),
      booked: formatAmount(sums.booked),
    }));
}
