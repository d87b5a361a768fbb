import type { EntityManager } from 'typeorm';
import type { PlannedCoverage, StandingInvoice } from '#accounting/invoicing/coverage.js';

interface CoverageRow {
  readonly invoice_id: string;
  readonly period_from: string;
  readonly period_to: string;
  readonly from_day: string;
  readonly to_day: string;
  readonly after_block: string;
  readonly through_block: string;
  readonly late: boolean;
}

const coverage = `
  SELECT i.id AS invoice_id, i.from_day::text AS period_from, i.to_day::text AS period_to,
    c.from_day::text, c.to_day::text, c.after_block, c.through_block, c.late
  FROM invoice i JOIN invoice_coverage c ON (c.org_id, c.invoice_id) = (i.org_id, i.id)`;

const toCoverage = (row: CoverageRow): PlannedCoverage => ({
  from: row.from_day,
  to: row.to_day,
  after: Number(row.after_block),
  through: Number(row.through_block),
  late: row.late,
});

/** The invoices of a book that stand: final and not void, with what each took. */
export async function readStanding(db: EntityManager, orgId: string, currency: string): Promise<StandingInvoice[]> {
  const rows = await db.query<CoverageRow[]>(
    `${coverage}
     WHERE (i.org_id, i.currency) = ($1, $2)
       AND NOT EXISTS (SELECT FROM invoice_void v WHERE (v.org_id, v.invoice_id) = (i.org_id, i.id))
     ORDER BY i.from_day, c.number`,
    [orgId, currency],
  );
  const invoices = new Map<string, StandingInvoice & { coverage: PlannedCoverage[] }>();
  for (const row of rows) {
    const invoice = invoices.get(row.invoice_id);
    if (invoice !== undefined) invoice.coverage.push(toCoverage(row));
    else {
      const period = { from: row.period_from, to: row.period_to };
      invoices.set(row.invoice_id, { id: row.invoice_id, period, coverage: [toCoverage(row)] });
    }
  }
  return [...invoices.values()];
}

/** What one invoice took, void or not. */
export async function readCoverage(db: EntityManager, orgId: string, id: string): Promise<PlannedCoverage[]> {
  const rows = await db.query<CoverageRow[]>(`${coverage} WHERE (i.org_id, i.id) = ($1, $2) ORDER BY c.number`, [
    orgId,
    id,
  ]);
  return rows.map(toCoverage);
}
