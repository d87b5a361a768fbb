import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { generalLedgerTotals } from '#contracts/requests/reconciliation.js';
import { formatAmount } from '#money/pico.js';

interface TotalRow {
  readonly org_id: string;
  readonly currency: string;
  readonly revenue: string;
  readonly cost: string;
  readonly charged: string;
  readonly charged_cost: string;
}

/**
 * Net postings to usage revenue and cost of sales beside Σ charges and their adjustments. One statement, hence one snapshot:
 * they are of the same moment.
 */
export async function readGeneralLedgerTotals(
  source: DataSource,
  { orgId }: z.infer<typeof generalLedgerTotals.request>,
): Promise<z.infer<typeof generalLedgerTotals.reply>> {
  const rows = await source.query<TotalRow[]>(
    `WITH posted AS (
       SELECT p.org_id, p.currency,
         sum(CASE WHEN credit.name LIKE 'usage-revenue:%' THEN p.amount WHEN debit.name LIKE 'usage-revenue:%' THEN -p.amount END)
           AS revenue,
         sum(CASE WHEN debit.name LIKE 'cost-of-sales:%' THEN p.amount WHEN credit.name LIKE 'cost-of-sales:%' THEN -p.amount END)
           AS cost
       FROM posting p
       JOIN account debit ON debit.id = p.debit_account
       JOIN account credit ON credit.id = p.credit_account
       WHERE $1::text IS NULL OR p.org_id = $1
       GROUP BY p.org_id, p.currency
     ), charged AS (
       SELECT org_id, currency, sum(amount) AS charged, sum(cost) AS charged_cost
       FROM (
         SELECT org_id, currency, amount, cost FROM charge WHERE status = 'charged'
         UNION ALL
         SELECT org_id, currency, amount, cost FROM adjustment
       ) AS usage
       WHERE $1::text IS NULL OR org_id = $1
       GROUP BY org_id, currency
     )
     SELECT org_id, currency, coalesce(revenue, 0) AS revenue, coalesce(cost, 0) AS cost,
       coalesce(charged, 0) AS charged, coalesce(charged_cost, 0) AS charged_cost
     FROM posted FULL JOIN charged USING (org_id, currency)
     ORDER BY org_id, currency`,
    [orgId],
  );
  return {
    totals: rows.map((row) => ({
      orgId: row.org_id,
      currency: row.currency,
      revenue: formatAmount(BigInt(row.revenue)),
      cost: formatAmount(BigInt(row.cost)),
      charged: formatAmount(BigInt(row.charged)),
      chargedCost: formatAmount(BigInt(row.charged_cost)),
    })),
  };
}
