import type { EntityManager } from 'typeorm';
import { thresholdsReached } from '#accounting/decide-admission.js';
import { type PeriodSpending, scopesOf, type Spending, sumSpending } from '#accounting/sum-spending.js';
import type { Charge } from '../decide-booking.js';
import { type Budget, budgetColumns, type BudgetRow, toBudget } from './find-budgets.js';
import { type NewAlert, raiseAlerts } from './raise-alerts.js';
import { toTimestamp } from './timestamp.js';

/** Counts booked charges in the budgets that they fall under. What has no price counts nothing until it has one. */
export function countCharges(db: EntityManager, charges: readonly Charge[]): Promise<void> {
  const spendings = charges.flatMap(({ event: { org, data }, price }): Spending[] => {
    if (price === undefined) return [];
    const { teamId, projectId, keyId } = data;
    return [{ orgId: org, teamId, projectId, keyId, ...price, effectiveAtMs: Date.parse(data.effectiveAt) }];
  });
  return countSpending(db, spendings);
}

/**
 * Adds spending to every budget that counts it, each in the period in which it happened, with the alerts that follow. To
 * be called in the turn that books it: by charges, and by adjustments with the time and path of their charge.
 */
export async function countSpending(db: EntityManager, spendings: readonly Spending[]): Promise<void> {
  const sums = sumSpending(await findCounting(db, spendings), spendings);
  if (sums.length === 0) return;
  const spent = await addToPeriods(db, sums);
  const alerts = sums.flatMap((sum): NewAlert[] => {
    const after = spent.get(rowKey(sum.budget, sum.period.startMs));
    if (after === undefined) throw new Error(`Budget ${sum.budget.id} did not keep what was added to it.`);
    return newlyReached(sum, after);
  });
  await raiseAlerts(db, alerts);
}

async function findCounting(db: EntityManager, spendings: readonly Spending[]): Promise<Budget[]> {
  const scopes = new Map(
    spendings.flatMap((spending) =>
      scopesOf(spending).map(({ scope, scopeId }): [string, string[]] => {
        const values = [spending.orgId, spending.currency, scope, scopeId];
        return [values.join(' '), values];
      }),
    ),
  );
  if (scopes.size === 0) return [];
  const column = (index: number) => [...scopes.values()].map((values) => values[index]);
  const rows = await db.query<BudgetRow[]>(
    `SELECT ${budgetColumns}
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS spent (org_id, currency, scope, scope_id)
     JOIN budget_in_force b USING (org_id, currency, scope, scope_id)
     WHERE NOT b.archived`,
    [column(0), column(1), column(2), column(3)],
  );
  return rows.map(toBudget);
}

/** @returns what is spent of each period now. */
async function addToPeriods(db: EntityManager, sums: readonly PeriodSpending<Budget>[]): Promise<Map<string, bigint>> {
  const rows = await db.query<{ org_id: string; budget_id: string; period_start: Date | number; spent: string }[]>(
    `INSERT INTO budget_spent AS s (org_id, budget_id, period_start, period_end, spent)
     SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::numeric[])
     ON CONFLICT (org_id, budget_id, period_start) DO UPDATE SET spent = s.spent + excluded.spent
     RETURNING org_id, budget_id, period_start, spent`,
    [
      sums.map(({ budget }) => budget.orgId),
      sums.map(({ budget }) => budget.id),
      sums.map(({ period }) => toTimestamp(period.startMs)),
      sums.map(({ period }) => toTimestamp(period.endMs)),
      sums.map(({ amount }) => amount.toString()),
    ],
  );
  return new Map(
    rows.map(({ org_id: orgId, budget_id: id, period_start, spent }) => [
      rowKey({ orgId, id }, Number(period_start)),
      BigInt(spent),
    ]),
  );
}

const rowKey = ({ orgId, id }: Pick<Budget, 'orgId' | 'id'>, startMs: number) => `${orgId} ${id} ${startMs}`;

function newlyReached({ budget, period, amount }: PeriodSpending<Budget>, spent: bigint): NewAlert[] {
  const before = thresholdsReached(budget.thresholds, budget.amount, spent - amount);
  return thresholdsReached(budget.thresholds, budget.amount, spent)
    .filter((threshold) => !before.includes(threshold))
    .map((threshold) => ({ budget, period, threshold, spent }));
}
