import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { CreditNote, getCreditNote, listCreditNotes } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { numberOf } from './read-invoice.js';
import { type BillingRow, type IssuerRow, toBillingProfile, toIssuer } from './read-profiles.js';

interface CreditNoteRow {
  readonly org_id: string;
  readonly id: string;
  readonly invoice_id: string;
  readonly invoice_prefix: string;
  readonly invoice_year: number;
  readonly invoice_sequence: number;
  readonly prefix: string;
  readonly year: number;
  readonly sequence: number;
  readonly currency: string;
  readonly issued_at: Date;
  readonly at: string;
  readonly reason: string;
  readonly amount: string;
  readonly net: string;
  readonly taken_off: string;
  readonly wallet_id: string;
  readonly issuer: IssuerRow;
  readonly customer: BillingRow;
  readonly taxes: readonly { jurisdiction: string; name: string; rate: string; amount: string }[];
}

/** jsonb would make amounts of them numbers, hence the texts. */
const creditNotes = `
  SELECT c.org_id, c.id, c.invoice_id, made_for.number_prefix AS invoice_prefix, i.year AS invoice_year,
    i.number AS invoice_sequence, made_by.number_prefix AS prefix, c.year, c.number AS sequence, c.currency, c.issued_at,
    c.issued_at::text AS at, c.reason, c.amount, c.net, c.taken_off, c.wallet_id, tax.taxes,
    to_jsonb(made_by) AS issuer, to_jsonb(customer) AS customer
  FROM credit_note c
  JOIN invoice i ON (i.org_id, i.id) = (c.org_id, c.invoice_id)
  JOIN issuer_profile made_for ON made_for.number = i.issuer_profile
  JOIN issuer_profile made_by ON made_by.number = c.issuer_profile
  JOIN billing_profile customer ON customer.number = i.billing_profile
  CROSS JOIN LATERAL (
    SELECT coalesce(jsonb_agg(jsonb_build_object('jurisdiction', t.jurisdiction, 'name', t.name,
      'rate', trim_scale(t.rate)::text, 'amount', ct.amount::text) ORDER BY ct.number), '[]') AS taxes
    FROM credit_note_tax ct
    JOIN invoice_tax t ON (t.org_id, t.invoice_id, t.number) = (ct.org_id, c.invoice_id, ct.number)
    WHERE (ct.org_id, ct.credit_note_id) = (c.org_id, c.id)
  ) AS tax`;

export async function findCreditNote(db: EntityManager, transactionId: string): Promise<CreditNote | undefined> {
  const [row] = await db.query<CreditNoteRow[]>(`${creditNotes} WHERE c.transaction_id = $1`, [transactionId]);
  return row && toCreditNote(row);
}

export async function readCreditNote(
  source: DataSource,
  { orgId, id }: z.infer<typeof getCreditNote.request>,
): Promise<z.infer<typeof getCreditNote.reply>> {
  const [row] = await source.query<CreditNoteRow[]>(`${creditNotes} WHERE (c.org_id, c.id) = ($1, $2)`, [orgId, id]);
  if (row === undefined) throw new RequestFailure('not_found', `There is no credit note "${id}".`);
  return { ...toCreditNote(row), issuer: toIssuer(row.issuer), customer: toBillingProfile(row.customer) };
}

/** An organisation's credit notes, or those of one invoice, the newest first. */
export async function readCreditNotes(
  source: DataSource,
  request: z.infer<typeof listCreditNotes.request>,
): Promise<z.infer<typeof listCreditNotes.reply>> {
  const size = pageSize(request);
  const rows = await source.query<CreditNoteRow[]>(
    `${creditNotes}
     WHERE c.org_id = $1 AND ($2::text IS NULL OR c.invoice_id = $2)
       AND ($3::text IS NULL OR (c.issued_at, c.id) < ($3::timestamptz, $4))
     ORDER BY c.issued_at DESC, c.id DESC LIMIT $5`,
    [request.orgId, request.invoice, ...cursorOf(request, 2), size + 1],
  );
  return toPage(rows, size, (row) => [row.at, row.id], toCreditNote);
}

function toCreditNote(row: CreditNoteRow): CreditNote {
  const invoiceNumber = numberOf(row.invoice_prefix, { year: row.invoice_year, sequence: row.invoice_sequence });
  return {
    orgId: row.org_id,
    id: row.id,
    number: numberOf(`${row.prefix}-CN`, row),
    invoice: { id: row.invoice_id, number: invoiceNumber },
    currency: row.currency,
    issuedAt: row.issued_at.toISOString(),
    reason: row.reason,
    amount: formatAmount(BigInt(row.amount)),
    net: formatAmount(BigInt(row.net)),
    taxes: row.taxes.map((tax) => ({ ...tax, amount: formatAmount(BigInt(tax.amount)) })),
    takenOff: formatAmount(BigInt(row.taken_off)),
    refunded: formatAmount(BigInt(row.amount) - BigInt(row.taken_off)),
    wallet: row.wallet_id,
  };
}
