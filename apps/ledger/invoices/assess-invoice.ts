import type { EntityManager } from 'typeorm';
import type { InvoiceLine } from '#accounting/invoicing/collect-lines.js';
import type { Day, Period } from '#accounting/invoicing/coverage.js';
import { type InvoiceTax, type TaxBase, taxesOf } from '#accounting/invoicing/invoice-tax.js';
import { type Settlement, settleInvoice } from '#accounting/invoicing/settle-invoice.js';
import type { BillingProfile, Issuer } from '#contracts/requests/invoices.js';
import type { Pico } from '#money/pico.js';
import { type InvoicedUsage, type InvoiceSubject, payableUnit } from './compute-usage.js';
import { findBillingProfile, findIssuer, type Revision } from './read-profiles.js';
import { findRates } from './tax-rates.js';

/** An invoice as it would be if it were made final now. */
export interface AssessedInvoice {
  readonly issuer?: Revision<Issuer>;
  readonly customer?: Revision<BillingProfile>;
  readonly exact: Pico;
  readonly rounded: Pico;
  readonly taxes: readonly InvoiceTax[];
  readonly settlement: Settlement;
  /** What has to be done first, in sentences. */
  readonly missing: readonly string[];
}

/** Who invoices whom, the tax, and what is to be paid. */
export async function assessInvoice(
  db: EntityManager,
  subject: InvoiceSubject,
  { lines, funding }: Pick<InvoicedUsage, 'lines' | 'funding'>,
): Promise<AssessedInvoice> {
  const customer = await findBillingProfile(db, subject.orgId);
  const issuer = customer && (await findIssuer(db, customer.profile.issuer));
  const missing = lines.length === 0 ? ['There is nothing to invoice in these days.'] : [];
  if (customer === undefined) {
    missing.push(`${subject.orgId} has no billing profile: set one, with where it is taxed or why it is not.`);
  }
  const unit = payableUnit(subject.currency);
  const bases = await readTaxBases(db, subject.period, lines, customer?.profile);
  missing.push(...bases.flatMap((base) => base.missing ?? []));
  const taxes = missing.length === 0 ? taxesOf(unit, bases) : [];
  const exact = lines.reduce((sum, { amount }) => sum + amount, 0n);
  const rounded = lines.reduce((sum, line) => sum + line.rounded, 0n);
  const settlement = settleInvoice(unit, { exact, rounded, taxes }, funding);
  return {
    ...(issuer === undefined ? {} : { issuer }),
    ...(customer === undefined ? {} : { customer }),
    ...{ exact, rounded, taxes, settlement, missing },
  };
}

/** Usage is taxed as on the last day of its period; late usage as on the last day of its own month. */
async function readTaxBases(
  db: EntityManager,
  period: Period,
  lines: readonly InvoiceLine[],
  customer: BillingProfile | undefined,
): Promise<(TaxBase & { readonly missing?: string })[]> {
  if (customer === undefined || !('jurisdiction' in customer.taxation)) return [];
  const { jurisdiction } = customer.taxation;
  const amounts = new Map<Day, Pico>();
  for (const { subject, rounded } of lines) {
    const day = subject.lateMonth === undefined ? dayBefore(period.to) : lastDayOf(subject.lateMonth);
    amounts.set(day, (amounts.get(day) ?? 0n) + rounded);
  }
  const rates = await findRates(db, jurisdiction, [...amounts.keys()]);
  return [...amounts].map(([day, amount]) => {
    const held = rates.get(day);
    if (held !== undefined) return { rates: held, amount };
    const missing = `No tax rate of ${jurisdiction} holds on ${day}: set one from that day or earlier, 0 where no tax is due.`;
    return { rates: [], amount, missing };
  });
}

const dayMs = 86_400_000;
const dayBefore = (day: Day): Day => new Date(Date.parse(day) - dayMs).toISOString().slice(0, 10);

function lastDayOf(month: string): Day {
  const next = new Date(`${month}-01T00:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + 1);
  return dayBefore(next.toISOString().slice(0, 10));
}
