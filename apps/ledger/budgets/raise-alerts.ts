import type { EntityManager } from 'typeorm';
import type { BudgetPeriod } from '#accounting/budget-period.js';
import type { Pico } from '#money/pico.js';
import type { Budget } from './find-budgets.js';
import { toTimestamp } from './timestamp.js';

export interface NewAlert {
  readonly budget: Budget;
  readonly period: BudgetPeriod;
  /** In percent. */
  readonly threshold: number;
  readonly spent: Pico;
}

/** One per budget, period and threshold, for ever: what was raised before, also before a revision, is not raised again. */
export async function raiseAlerts(db: EntityManager, alerts: readonly NewAlert[]): Promise<void> {
  if (alerts.length === 0) return;
  await db.query(
    `INSERT INTO budget_alert (org_id, budget_id, period_start, period_end, threshold, amount, spent)
     SELECT * FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::integer[], $6::numeric[],
       $7::numeric[])
     ON CONFLICT (org_id, budget_id, period_start, threshold) DO NOTHING`,
    [
      alerts.map(({ budget }) => budget.orgId),
      alerts.map(({ budget }) => budget.id),
      alerts.map(({ period }) => toTimestamp(period.startMs)),
      alerts.map(({ period }) => toTimestamp(period.endMs)),
      alerts.map(({ threshold }) => threshold),
      alerts.map(({ budget }) => budget.amount.toString()),
      alerts.map(({ spent }) => spent.toString()),
    ],
  );
}
