import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { Invoice, InvoiceLine, listInvoiceLines, listInvoices } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { type DraftContent, findDraft, isFinal } from './find-draft.js';
import { readFinalLines } from './read-final-lines.js';
import { readFinal } from './read-invoice.js';
import { showLine } from './shown-line.js';

/** Named maxima: a page stays well below the largest message. */
const maxInvoicesPerPage = 200;
const maxLinesPerPage = 500;

interface ListedRow {
  readonly id: string;
  /** To the microsecond, which a Date cannot hold: two invoices may be of the same millisecond. */
  readonly at: string;
  readonly computed_at: Date;
  readonly draft: DraftContent['invoice'] | null;
}

/** An organisation's invoices and drafts, the newest first. */
export async function readInvoices(
  source: DataSource,
  request: z.infer<typeof listInvoices.request>,
): Promise<z.infer<typeof listInvoices.reply>> {
  const size = Math.min(pageSize(request), maxInvoicesPerPage);
  const rows = await source.query<ListedRow[]>(
    `SELECT id, at::text, at AS computed_at, draft FROM (
       SELECT i.id, i.issued_at AS at, NULL::jsonb AS draft,
         CASE WHEN s.voided THEN 'void' WHEN s.outstanding <= 0 THEN 'paid' ELSE 'final' END AS state
       FROM invoice i JOIN invoice_state s ON (s.org_id, s.id) = (i.org_id, i.id) WHERE i.org_id = $1
       UNION ALL
       SELECT id, computed_at, content -> 'invoice', 'draft' FROM invoice_draft WHERE org_id = $1
     ) AS listed
     WHERE ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR (at, id) < ($3::timestamptz, $4))
     ORDER BY at DESC, id DESC LIMIT $5`,
    [request.orgId, request.state, ...cursorOf(request, 2), size + 1],
  );
  const ids = rows.flatMap(({ id, draft }) => (draft === null ? [id] : []));
  const final = new Map((await readFinal(source.manager, request.orgId, ids)).map((invoice) => [invoice.id, invoice]));
  return toPage(
    rows,
    size,
    (row) => [row.at, row.id],
    (row) => (row.draft === null ? requireRead(final, row.id) : { ...row.draft, at: row.computed_at.toISOString() }),
  );
}

function requireRead(final: ReadonlyMap<string, Invoice>, id: string): Invoice {
  const invoice = final.get(id);
  if (invoice === undefined) throw new Error(`Invoice ${id} is listed and cannot be read.`);
  return invoice;
}

/** The lines of an invoice, or of a draft as it was computed last, in their order. */
export async function readLines(
  source: DataSource,
  request: z.infer<typeof listInvoiceLines.request>,
): Promise<z.infer<typeof listInvoiceLines.reply>> {
  const { orgId, id } = request;
  const size = Math.min(pageSize(request), maxLinesPerPage);
  const [after] = cursorOf(request, 1);
  const keyOf = ({ number }: InvoiceLine) => [String(number)];
  if (!(await isFinal(source.manager, orgId, id))) {
    const draft = await findDraft(source.manager, orgId, id);
    if (draft === undefined) throw new RequestFailure('not_found', `There is no invoice "${id}".`);
    const lines = draft.content.lines.filter(({ number }) => number > Number(after ?? 0));
    return toPage(lines.slice(0, size + 1), size, keyOf, (line) => line);
  }
  const lines = await readFinalLines(source.manager, { orgId, id, after: Number(after ?? 0), limit: size + 1 });
  return toPage(lines.map(showLine), size, keyOf, (line) => line);
}
