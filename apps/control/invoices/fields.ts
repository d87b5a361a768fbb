import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import {
  billingProfile,
  creditNote,
  day,
  invoice,
  invoiceLine,
  invoicePeriod,
  issuer,
  taxRate,
} from '#contracts/requests/invoices.js';
import { organisationPath } from '../organisations/fields.js';

export const invoicePath = organisationPath.extend({ invoice: identifier });
export type InvoicePath = z.infer<typeof invoicePath>;
export const linePath = invoicePath.extend({
  line: z.coerce
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
});
export type LinePath = z.infer<typeof linePath>;

export const shownIssuer = issuer.meta({ id: 'Issuer' });
export const shownTaxRate = taxRate.meta({ id: 'TaxRate' });

const { orgId: _ofProfile, ...profile } = billingProfile.shape;
export const shownProfile = z.object({ organisationId: identifier, ...profile }).meta({ id: 'BillingProfile' });
export type ShownProfile = z.infer<typeof shownProfile>;
export const newProfile = z
  .strictObject({ ...profile, issuer: profile.issuer.default('default').describe('Who invoices the organisation.') })
  .meta({ id: 'NewBillingProfile' });

const { orgId: _ofInvoice, ...ofInvoice } = invoice.shape;
export const shownInvoice = z
  .object({ organisationId: identifier, ...ofInvoice, customer: shownProfile.exactOptional() })
  .meta({ id: 'Invoice' });
export type ShownInvoice = z.infer<typeof shownInvoice>;

/** A line with what people call its team and project. Of what has no name here, the id. */
export const shownLine = invoiceLine
  .extend({ teamName: z.string(), projectName: z.string() })
  .meta({ id: 'InvoiceLine' });
export type ShownLine = z.infer<typeof shownLine>;
/** As CSV. */
export const lineColumns = [
  ...['number', 'lateMonth', 'teamId', 'teamName', 'projectId', 'projectName', 'model', 'dimension', 'quantity'],
  ...['unitPrice', 'amount', 'rounded', 'count', 'root'],
];
export const invoiceDocument = shownInvoice.extend({ lines: z.array(shownLine) }).meta({ id: 'InvoiceDocument' });
export type InvoiceDocument = z.infer<typeof invoiceDocument>;

const { orgId: _ofNote, ...ofNote } = creditNote.shape;
export const shownCreditNote = z.object({ organisationId: identifier, ...ofNote }).meta({ id: 'CreditNote' });
export const creditNoteDocument = shownCreditNote
  .extend({ issuer: shownIssuer, customer: shownProfile })
  .meta({ id: 'CreditNoteDocument' });
export type CreditNoteDocument = z.infer<typeof creditNoteDocument>;

const month = z.string().regex(/^(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])$/, 'not a month such as 2026-07');

/** A calendar month, or any whole days. Days are UTC. */
export const periodOf = z.strictObject({
  month: month.exactOptional().describe('A calendar month (UTC), instead of `from` and `to`.'),
  from: day.exactOptional().describe('The first day (UTC).'),
  to: day.exactOptional().describe('The day after the last one: not in it.'),
}).shape;

interface AskedPeriod {
  readonly month?: string;
  readonly from?: string;
  readonly to?: string;
}

/** @returns undefined unless it is a month, or two days in their order. */
export function readPeriod({ month: asked, from, to }: AskedPeriod): z.infer<typeof invoicePeriod> | undefined {
  if (asked !== undefined) {
    // Also of what its own field has refused: a schema looks at the whole all the same.
    const isAlone = from === undefined && to === undefined;
    return isAlone && month.safeParse(asked).success ? monthDays(asked) : undefined;
  }
  const period = invoicePeriod.safeParse({ from, to });
  return period.success ? period.data : undefined;
}

function monthDays(month: string) {
  const next = new Date(`${month}-01T00:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return { from: `${month}-01`, to: next.toISOString().slice(0, 10) };
}
