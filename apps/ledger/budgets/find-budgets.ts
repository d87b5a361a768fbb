import type { EntityManager } from 'typeorm';
import type { BudgetCalendar } from '#accounting/budget-period.js';
import type { CountingBudget } from '#accounting/sum-spending.js';
import type { BudgetTerms } from '#contracts/requests/budgets.js';
import type { Pico } from '#money/pico.js';
import type { Timestamp } from './timestamp.js';

/** A budget as its latest revision has it. */
export interface Budget extends CountingBudget {
  readonly revision: number;
  readonly amount: Pico;
  readonly enforcement: BudgetTerms['enforcement'];
  /** In percent. */
  readonly thresholds: readonly number[];
  readonly archived: boolean;
}

export interface BudgetRow {
  readonly org_id: string;
  readonly id: string;
  readonly scope: CountingBudget['scope'];
  readonly scope_id: string;
  readonly currency: string;
  readonly period: BudgetCalendar['period'];
  readonly time_zone: string;
  readonly counts_from: Timestamp;
  readonly revision: number;
  readonly amount: string;
  readonly enforcement: BudgetTerms['enforcement'];
  readonly thresholds: number[];
  readonly archived: boolean;
}

export const budgetColumns = `b.org_id, b.id, b.scope, b.scope_id, b.currency, b.period, b.time_zone, b.counts_from,
  b.revision, b.amount, b.enforcement, b.thresholds, b.archived`;

export async function findBudget(db: EntityManager, orgId: string, id: string): Promise<Budget | undefined> {
  const [row] = await db.query<BudgetRow[]>(
    `SELECT ${budgetColumns} FROM budget_in_force b WHERE (b.org_id, b.id) = ($1, $2)`,
    [orgId, id],
  );
  return row && toBudget(row);
}

export function toBudget(row: BudgetRow): Budget {
  return {
    orgId: row.org_id,
    id: row.id,
    scope: row.scope,
    scopeId: row.scope_id,
    currency: row.currency,
    period: row.period,
    timeZone: row.time_zone,
    countsFromMs: Number(row.counts_from),
    revision: row.revision,
    amount: BigInt(row.amount),
    enforcement: row.enforcement,
    thresholds: row.thresholds,
    archived: row.archived,
  };
}
