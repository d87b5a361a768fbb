import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { BudgetAlert, BudgetScope, listBudgetAlerts } from '#contracts/requests/budgets.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { boundsOf, type Timestamp } from './timestamp.js';

export interface AlertRow {
  readonly id: string;
  readonly org_id: string;
  readonly budget_id: string;
  readonly scope: BudgetScope;
  readonly scope_id: string;
  readonly currency: string;
  readonly period_start: Timestamp;
  readonly period_end: Timestamp;
  readonly threshold: number;
  readonly amount: string;
  readonly spent: string;
  readonly raised_at: Date;
  /** The same to the microsecond. */
  readonly place: string;
}

export const selectAlerts = `
  SELECT a.id, a.org_id, a.budget_id, b.scope, b.scope_id, b.currency, a.period_start, a.period_end, a.threshold,
    a.amount, a.spent, a.raised_at, a.raised_at::text AS place
  FROM budget_alert a JOIN budget b ON (b.org_id, b.id) = (a.org_id, a.budget_id)`;

/** The alerts of an organisation or of one of its budgets, oldest first. */
export async function readAlerts(
  source: DataSource,
  request: z.infer<typeof listBudgetAlerts.request>,
): Promise<z.infer<typeof listBudgetAlerts.reply>> {
  const size = pageSize(request);
  const rows = await source.query<AlertRow[]>(
    `${selectAlerts}
     WHERE a.org_id = $1 AND ($2::text IS NULL OR a.budget_id = $2)
       AND ($3::timestamptz IS NULL OR (a.raised_at, a.id) > ($3, $4::uuid))
     ORDER BY a.raised_at, a.id LIMIT $5`,
    [request.orgId, request.budgetId, ...cursorOf(request, 2), size + 1],
  );
  return toPage(rows, size, (row) => [row.place, row.id], toAlert);
}

export function toAlert(row: AlertRow): BudgetAlert {
  return {
    id: row.id,
    orgId: row.org_id,
    budgetId: row.budget_id,
    scope: row.scope,
    scopeId: row.scope_id,
    currency: row.currency,
    period: boundsOf(row.period_start, row.period_end),
    threshold: row.threshold,
    amount: formatAmount(BigInt(row.amount)),
    spent: formatAmount(BigInt(row.spent)),
    raisedAt: row.raised_at.toISOString(),
  };
}
