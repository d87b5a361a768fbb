import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { getInvoice, Invoice, InvoiceEvidence } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { findDraft } from './find-draft.js';
import { type BillingRow, type IssuerRow, toBillingProfile, toIssuer } from './read-profiles.js';

type AmountColumn =
  | 'exact'
  | 'rounded'
  | 'tax'
  | 'total'
  | 'paid_by_credits'
  | 'paid_by_wallets'
  | 'prepaid'
  | 'due'
  | 'paid'
  | 'credited'
  | 'outstanding';

type InvoiceRow = Readonly<Record<AmountColumn, string>> & {
  readonly id: string;
  readonly currency: string;
  readonly from_day: string;
  readonly to_day: string;
  readonly through_block: string;
  readonly year: number;
  readonly sequence: number;
  readonly line_count: number;
  readonly root: string;
  readonly evidence: InvoiceEvidence;
  readonly issued_at: Date;
  readonly issuer: IssuerRow;
  readonly customer: BillingRow;
  readonly taxes: readonly (Omit<Invoice['taxes'][number], 'base' | 'amount'> & { base: string; amount: string })[];
  readonly voided: boolean;
  readonly void_reason: string | null;
  readonly voided_at: Date | null;
};

/** jsonb would make amounts of them numbers, hence the texts. */
const finalInvoices = `
  SELECT i.id, i.currency, i.from_day::text, i.to_day::text, i.through_block, i.year, i.number AS sequence, i.line_count,
    encode(i.root, 'hex') AS root, i.evidence, i.issued_at, i.exact, i.rounded, i.total, i.prepaid, i.due,
    i.paid_by_credits, i.paid_by_wallets, s.paid, s.credited, s.outstanding, s.voided, v.reason AS void_reason, v.voided_at,
    to_jsonb(issuer) AS issuer, to_jsonb(customer) AS customer, tax.amount AS tax, tax.taxes
  FROM invoice i
  JOIN invoice_state s ON (s.org_id, s.id) = (i.org_id, i.id)
  JOIN issuer_profile issuer ON issuer.number = i.issuer_profile
  JOIN billing_profile customer ON customer.number = i.billing_profile
  LEFT JOIN invoice_void v ON (v.org_id, v.invoice_id) = (i.org_id, i.id)
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(amount), 0) AS amount, coalesce(jsonb_agg(jsonb_build_object('jurisdiction', jurisdiction, 'name', name,
      'rate', trim_scale(rate)::text, 'mode', mode, 'base', base::text, 'amount', amount::text) ORDER BY number), '[]') AS taxes
    FROM invoice_tax WHERE (org_id, invoice_id) = (i.org_id, i.id)
  ) AS tax`;

/** A draft as it was computed last, or an invoice with what has happened to it since. */
export async function readInvoice(
  source: DataSource,
  { orgId, id }: z.infer<typeof getInvoice.request>,
): Promise<Invoice> {
  const [final] = await readFinal(source.manager, orgId, [id]);
  const found = final ?? (await findDraft(source.manager, orgId, id))?.content.invoice;
  if (found === undefined) throw new RequestFailure('not_found', `There is no invoice "${id}".`);
  return found;
}

export async function readFinal(db: EntityManager, orgId: string, ids: readonly string[]): Promise<Invoice[]> {
  const rows = await db.query<InvoiceRow[]>(`${finalInvoices} WHERE i.org_id = $1 AND i.id = ANY ($2)`, [orgId, ids]);
  return rows.map((row) => toInvoice(orgId, row));
}

function toInvoice(orgId: string, row: InvoiceRow): Invoice {
  const issuer = toIssuer(row.issuer);
  return {
    orgId,
    id: row.id,
    state: row.voided ? 'void' : BigInt(row.outstanding) <= 0n ? 'paid' : 'final',
    number: numberOf(issuer.numberPrefix, row),
    currency: row.currency,
    period: { from: row.from_day, to: row.to_day },
    at: row.issued_at.toISOString(),
    throughBlock: Number(row.through_block),
    issuer,
    customer: toBillingProfile(row.customer),
    amounts: amountsOf(row),
    taxes: row.taxes.map((tax) => ({
      ...tax,
      base: formatAmount(BigInt(tax.base)),
      amount: formatAmount(BigInt(tax.amount)),
    })),
    lineCount: row.line_count,
    root: row.root,
    evidence: row.evidence,
    ...(row.void_reason === null || row.voided_at === null
      ? {}
      : { voided: { reason: row.void_reason, at: row.voided_at.toISOString() } }),
  };
}

function amountsOf(row: InvoiceRow): Invoice['amounts'] {
  const amount = (column: AmountColumn) => formatAmount(BigInt(row[column]));
  return {
    exact: amount('exact'),
    rounded: amount('rounded'),
    rounding: formatAmount(BigInt(row.rounded) - BigInt(row.exact)),
    tax: amount('tax'),
    total: amount('total'),
    paidByCredits: amount('paid_by_credits'),
    paidByWallets: amount('paid_by_wallets'),
    prepaid: amount('prepaid'),
    due: amount('due'),
    paid: amount('paid'),
    credited: amount('credited'),
    outstanding: amount('outstanding'),
  };
}

/** Such as TG-2026-000001, or TG-CN-2026-000001 of a credit note. */
export function numberOf(prefix: string, { year, sequence }: { year: number; sequence: number }): string {
  return `${prefix}-${year}-${String(sequence).padStart(6, '0')}`;
}
