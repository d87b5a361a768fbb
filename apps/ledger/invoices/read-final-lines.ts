import type { EntityManager } from 'typeorm';
import type { InvoiceLine } from '#accounting/invoicing/collect-lines.js';

interface LineRow {
  readonly number: number;
  readonly late_month: string | null;
  readonly team_id: string;
  readonly project_id: string;
  readonly model: string;
  readonly dimension: string | null;
  readonly unit_price: string | null;
  readonly quantity: string;
  readonly amount: string;
  readonly rounded: string;
  readonly count: string;
  readonly root: Buffer;
}

/** The lines of a final invoice after a number, in their order. */
export async function readFinalLines(
  db: EntityManager,
  { orgId, id, after = 0, limit }: { orgId: string; id: string; after?: number; limit?: number },
): Promise<InvoiceLine[]> {
  const rows = await db.query<LineRow[]>(
    `SELECT number, late_month, team_id, project_id, model, dimension, unit_price, quantity, amount, rounded, count, root
     FROM invoice_line WHERE (org_id, invoice_id) = ($1, $2) AND number > $3 ORDER BY number LIMIT $4`,
    [orgId, id, after, limit],
  );
  return rows.map((row) => ({
    number: row.number,
    subject: {
      ...(row.late_month === null ? {} : { lateMonth: row.late_month }),
      ...{ teamId: row.team_id, projectId: row.project_id, model: row.model },
      ...(row.dimension === null || row.unit_price === null
        ? {}
        : { tariff: { dimension: row.dimension, unitPrice: BigInt(row.unit_price) } }),
    },
    quantity: BigInt(row.quantity),
    amount: BigInt(row.amount),
    rounded: BigInt(row.rounded),
    count: Number(row.count),
    root: row.root,
  }));
}
