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
    for (const budgets of await findCountingBudgets(db)) {
      const booked = await sumBooked(db, budgets);
      for (const budget of budgets) differences.push(...(await compare(db, budget, booked)));
    }
    return differences;
  });
}

/** Builds what is kept as spent again, of every budget that counts. Nothing is booked meanwhile. */
export function rebuildSpending(source: DataSource): Promise<void> {
  return takeTurn(source, async (db) => {
    for (const budgets of await findCountingBudgets(db)) {
      for (const { orgId, id } of budgets) {
        await db.query('DELETE FROM budget_spent WHERE (org_id, budget_id) = ($1, $2)', [orgId, id]);
      }
      await keepSpending(db, await sumBooked(db, budgets));
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

/**
 * Σ charges and adjustments of the scope and currency of each of these budgets, which are of one organisation, for each of
 * their periods in which there are any. The charges are read once for all of them: first they are summed between any two
 * moments next to each other at which a period of a budget begins or ends.
 */
export async function sumBooked<Counting extends CountingBudget>(
  db: EntityManager,
  budgets: readonly Counting[],
): Promise<PeriodSpending<Counting>[]> {
  const periods = await periodsOf(db, budgets);
  const [first] = periods;
  if (first === undefined) return [];
  const bounds = [...new Set(periods.flatMap(({ period }) => [period.startMs, period.endMs]))].toSorted(ascending);
  // As width_bucket counts: 1 is from the first bound to the second.
  const slots = new Map(bounds.map((bound, index) => [bound, index + 1]));
  const rows = await db.query<{ place: number; amount: string }[]>(
    `${betweenBounds}
     SELECT p.place::integer AS place, sum(booked.amount) AS amount
     FROM unnest($3::text[], $4::text[], $5::text[], $6::integer[], $7::integer[])
       WITH ORDINALITY AS p (scope, scope_id, currency, first_slot, next_slot, place)
     JOIN scoped booked USING (scope, scope_id, currency)
     WHERE booked.slot >= p.first_slot AND booked.slot < p.next_slot
     GROUP BY p.place`,
    [
      first.budget.orgId,
      bounds.map(toTimestamp),
      periods.map(({ budget }) => budget.scope),
      periods.map(({ budget }) => budget.scopeId),
      periods.map(({ budget }) => budget.currency),
      periods.map(({ period }) => slots.get(period.startMs)),
      periods.map(({ period }) => slots.get(period.endMs)),
    ],
  );
  return rows.flatMap(({ place, amount }) => {
    const summed = periods[place - 1];
    return summed === undefined ? [] : [{ ...summed, amount: BigInt(amount) }];
  });
}

const ascending = (a: number, b: number) => (a < b ? -1 : 1);

/** Of organisation $1, from the first of the bounds $2 on. */
const betweenBounds = `
  WITH counted AS (
    SELECT c.event_id, c.team_id, c.project_id, c.key_id, c.currency, c.amount,
      width_bucket(c.effective_at, $2::timestamptz[]) AS slot
    FROM charge c WHERE c.org_id = $1 AND c.effective_at >= ($2::timestamptz[])[1]
  ), booked AS (
    SELECT team_id, project_id, key_id, currency, slot, amount FROM counted
    UNION ALL
    SELECT c.team_id, c.project_id, c.key_id, a.currency, c.slot, a.amount
    FROM counted c JOIN adjustment a ON (a.org_id, a.event_id) = ($1, c.event_id)
  ), summed AS (
    SELECT team_id, project_id, key_id, currency, slot, sum(amount) AS amount
    FROM booked GROUP BY team_id, project_id, key_id, currency, slot
  ), scoped AS (
    SELECT scope, scope_id, currency, slot, amount
    FROM summed CROSS JOIN LATERAL (
      VALUES ('organisation', $1), ('team', team_id), ('project', project_id), ('key', key_id)
    ) AS path (scope, scope_id)
  )`;

/** Every period of each budget, from its first to that of the organisation's latest charge. */
async function periodsOf<Counting extends CountingBudget>(
  db: EntityManager,
  budgets: readonly Counting[],
): Promise<{ readonly budget: Counting; readonly period: BudgetPeriod }[]> {
  const [row] = await db.query<{ latest: Date | null }[]>(
    'SELECT max(effective_at) AS latest FROM charge WHERE org_id = $1',
    [budgets[0]?.orgId],
  );
  const latestMs = row?.latest?.getTime() ?? -Infinity;
  return budgets.flatMap((budget) => {
    const periods = [];
    for (let atMs = budget.countsFromMs; atMs <= latestMs;) {
      const period = periodAt(budget, atMs);
      periods.push({ budget, period });
      atMs = period.endMs;
    }
    return periods;
  });
}

/** Those of each organisation. */
async function findCountingBudgets(db: EntityManager): Promise<readonly (readonly Budget[])[]> {
  const rows = await db.query<BudgetRow[]>(
    `SELECT ${budgetColumns} FROM budget_in_force b WHERE NOT b.archived ORDER BY b.org_id, b.id`,
  );
  const organisations = new Map<string, Budget[]>();
  for (const budget of rows.map(toBudget)) {
    const others = organisations.get(budget.orgId);
    if (others === undefined) organisations.set(budget.orgId, [budget]);
    else others.push(budget);
  }
  return [...organisations.values()];
}

async function compare(
  db: EntityManager,
  budget: Budget,
  sums: readonly PeriodSpending<Budget>[],
): Promise<SpendingDifference[]> {
  const kept = new Map<number, Pico>();
  const rows = await db.query<{ period_start: Timestamp; spent: string }[]>(
    'SELECT period_start, spent FROM budget_spent WHERE (org_id, budget_id) = ($1, $2)',
    [budget.orgId, budget.id],
  );
  for (const { period_start, spent } of rows) kept.set(Number(period_start), BigInt(spent));
  const own = sums.filter((sum) => sum.budget === budget);
  const booked = new Map(own.map(({ period, amount }) => [period.startMs, amount]));
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
