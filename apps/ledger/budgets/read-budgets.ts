import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { periodAt } from '#accounting/budget-period.js';
import type { BudgetState, listBudgets } from '#contracts/requests/budgets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { type Budget, budgetColumns, type BudgetRow, findBudget, toBudget } from './find-budgets.js';
import { toTimestamp } from './timestamp.js';

interface StateRow extends BudgetRow {
  readonly created_at: Date;
  readonly revised_at: Date;
  readonly spent: string;
  readonly held: string;
  readonly read_at: Date;
}

/** Budgets of organisation $1 with what is spent of their running period and what open leases hold of them. */
const states = `
  SELECT ${budgetColumns}, b.created_at, b.revised_at, clock.at AS read_at, coalesce(s.spent, 0) AS spent, holds.held
  FROM budget_in_force b
  CROSS JOIN (SELECT clock_timestamp() AS at) AS clock
  LEFT JOIN budget_spent s ON (s.org_id, s.budget_id) = (b.org_id, b.id)
    AND s.period_start <= clock.at AND s.period_end > clock.at
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.amount - l.used), 0) AS held FROM lease l
    WHERE l.org_id = b.org_id AND l.currency = b.currency AND l.amount > l.used AND l.expires_at > clock.at
      AND b.scope_id = CASE b.scope WHEN 'organisation' THEN l.org_id WHEN 'team' THEN l.team_id
        WHEN 'project' THEN l.project_id ELSE l.key_id END
  ) AS holds
  WHERE b.org_id = $1`;

/** An organisation's budgets by id, archived ones too. */
export async function readBudgets(
  source: DataSource,
  request: z.infer<typeof listBudgets.request>,
): Promise<z.infer<typeof listBudgets.reply>> {
  const size = pageSize(request);
  const rows = await source.query<StateRow[]>(`${states} AND ($2::text IS NULL OR b.id > $2) ORDER BY b.id LIMIT $3`, [
    request.orgId,
    ...cursorOf(request, 1),
    size + 1,
  ]);
  return toPage(rows, size, (row) => [row.id], toState);
}

/** @throws RequestFailure `not_found`. */
export async function readBudget(db: EntityManager, orgId: string, id: string): Promise<BudgetState> {
  const [row] = await db.query<StateRow[]>(`${states} AND b.id = $2`, [orgId, id]);
  if (row === undefined) throw noBudget(id);
  return toState(row);
}

/** @throws RequestFailure `not_found`. */
export async function requireBudget(db: EntityManager, orgId: string, id: string): Promise<Budget> {
  const budget = await findBudget(db, orgId, id);
  if (budget === undefined) throw noBudget(id);
  return budget;
}

const noBudget = (id: string) => new RequestFailure('not_found', `There is no budget "${id}".`);

function toState(row: StateRow): BudgetState {
  const { countsFromMs: _, amount, thresholds, ...budget } = toBudget(row);
  const { startMs, endMs } = periodAt(budget, row.read_at.getTime());
  const [spent, held] = [BigInt(row.spent), BigInt(row.held)];
  return {
    ...budget,
    amount: formatAmount(amount),
    thresholds: [...thresholds],
    createdAt: row.created_at.toISOString(),
    revisedAt: row.revised_at.toISOString(),
    current: {
      ...(startMs === -Infinity ? {} : { start: toTimestamp(startMs) }),
      ...(endMs === Infinity ? {} : { end: toTimestamp(endMs) }),
      spent: formatAmount(spent),
      held: formatAmount(held),
      remaining: formatAmount(amount - spent - held),
    },
  };
}
