import type { EntityManager } from 'typeorm';
import type { Invoice, InvoiceLine } from '#contracts/requests/invoices.js';
import type { InvoiceSubject } from './compute-usage.js';

/** What a draft was computed to, as it is shown. When it was is the row's own column. */
export interface DraftContent {
  readonly invoice: Omit<Invoice, 'at'>;
  readonly lines: readonly InvoiceLine[];
}

export interface Draft {
  readonly subject: InvoiceSubject;
  readonly content: DraftContent & { readonly invoice: Invoice };
}

interface DraftRow {
  readonly currency: string;
  readonly from_day: string;
  readonly to_day: string;
  readonly content: DraftContent;
  readonly computed_at: Date;
}

export async function findDraft(db: EntityManager, orgId: string, id: string): Promise<Draft | undefined> {
  const [row] = await db.query<DraftRow[]>(
    `SELECT currency, from_day::text, to_day::text, content, computed_at FROM invoice_draft
     WHERE (org_id, id) = ($1, $2)`,
    [orgId, id],
  );
  if (row === undefined) return undefined;
  const { currency, content } = row;
  return {
    subject: { orgId, id, currency, period: { from: row.from_day, to: row.to_day } },
    content: { lines: content.lines, invoice: { ...content.invoice, at: row.computed_at.toISOString() } },
  };
}

export async function isFinal(db: EntityManager, orgId: string, id: string): Promise<boolean> {
  const found = await db.query<unknown[]>('SELECT FROM invoice WHERE (org_id, id) = ($1, $2)', [orgId, id]);
  return found.length > 0;
}
