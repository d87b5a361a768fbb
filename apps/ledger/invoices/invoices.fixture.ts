import type { DataSource } from 'typeorm';
import type { Invoice, InvoiceEvidence, InvoiceLine, LinePart } from '#contracts/requests/invoices.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { bookCharges } from '../book-charges.js';
import { type ChargeSketch, deliveredCharge } from '../charge-event.fixture.js';
import { setTerms } from '../wallets/set-terms.js';
import { makeDraft } from './draft-invoice.js';
import { makeFinal } from './finalise-invoice.js';
import { readInvoices, readLines } from './list-invoices.js';
import { readLineParts } from './prove-line.js';
import { setCustomer, setIssuerProfile } from './set-profiles.js';
import { addTaxRate } from './tax-rates.js';

export const override: InvoiceEvidence = {
  kind: 'override',
  name: 'Tester',
  reason: 'a test of invoices',
  found: 'Nothing was reconciled.',
};
export const julyDays = { from: '2025-07-01', to: '2025-08-01' };
export const augustDays = { from: '2025-08-01', to: '2025-09-01' };
export const septemberDays = { from: '2025-09-01', to: '2025-10-01' };

export interface UsageSketch extends Omit<ChargeSketch, 'amount' | 'quantity'> {
  /** Dimension → quantity and unit price in main units. */
  readonly lines: Readonly<Record<string, readonly [quantity: number, unitPrice: string]>>;
}

/** Books usage with the lines that pricing would give it. */
export async function bookUsage(source: DataSource, ...sketches: readonly UsageSketch[]): Promise<void> {
  const rejected = await bookCharges(
    source,
    sketches.map(({ lines, currency = 'USD', ...sketch }) => {
      const { event, position } = deliveredCharge(sketch);
      const priced = Object.entries(lines).map(([dimension, [quantity, unitPrice]]) => {
        const amount = formatAmount(BigInt(quantity) * parseAmount(unitPrice));
        return { model: event.data.model, dimension, quantity, unitPrice, amount };
      });
      const amount = formatAmount(priced.reduce((sum, line) => sum + parseAmount(line.amount), 0n));
      const rating = { status: 'charged' as const, currency, amount, cost: '0', lines: priced };
      return { event: { ...event, data: { ...event.data, rating } }, position };
    }),
  );
  if (rejected.length > 0) throw new Error(`Rejected: ${JSON.stringify(rejected.map(({ reason }) => reason))}`);
}

/** An issuer and a customer of it that is taxed in `jurisdiction`, or not at all. */
export async function customerOf(source: DataSource, orgId: string, jurisdiction?: string, issuer = 'default') {
  await setIssuerProfile(source, {
    id: issuer,
    legalName: 'Tollgate GmbH',
    address: ['Hauptstr. 1', '10115 Berlin'],
    taxId: 'DE123456789',
    numberPrefix: 'TG',
  });
  await setCustomer(source, {
    orgId,
    issuer,
    legalName: `${orgId} Ltd`,
    address: ['1 Road', 'Town'],
    taxation: jurisdiction === undefined ? { exemption: 'Reverse charge' } : { jurisdiction },
  });
}

export const vatOf = (source: DataSource, jurisdiction: string, rate: string, validFrom = '2025-01-01') =>
  addTaxRate(source, { jurisdiction, name: 'VAT', rate, mode: 'exclusive', validFrom });

export const postpaid = (source: DataSource, orgId: string, currency = 'USD', wallet = 'default') =>
  setTerms(source, { orgId, wallet, currency, terms: { kind: 'postpaid', creditLimit: '1000000' } });

/** Drafts and makes final. */
export async function invoiceFor(
  source: DataSource,
  subject: { orgId: string; id: string; currency?: string; period?: { from: string; to: string } },
): Promise<Invoice> {
  await makeDraft(source, { currency: 'USD', period: julyDays, ...subject });
  return makeFinal(source, { orgId: subject.orgId, id: subject.id, evidence: override });
}

export async function linesOf(source: DataSource, orgId: string, id: string): Promise<InvoiceLine[]> {
  const lines: InvoiceLine[] = [];
  for (let after: { after?: string } = {}; ;) {
    const { items, next } = await readLines(source, { orgId, id, limit: 3, ...after });
    lines.push(...items);
    if (next === undefined) return lines;
    after = { after: next };
  }
}

export async function partsOf(source: DataSource, orgId: string, id: string, line: number) {
  const parts: (LinePart & { hash: string })[] = [];
  for (let after: { after?: string } = {}; ;) {
    const { items, next } = await readLineParts(source, { orgId, id, line, limit: 2, ...after });
    parts.push(...items);
    if (next === undefined) return parts;
    after = { after: next };
  }
}

/** Which standing invoices a charge is on, by its event's id, and how much of it; an adjustment is `event#number`. */
export async function placesOf(source: DataSource, orgId: string): Promise<Map<string, Map<string, Pico>>> {
  const places = new Map<string, Map<string, Pico>>();
  const { items } = await readInvoices(source, { orgId });
  for (const { id, state } of items) {
    if (state === 'draft' || state === 'void') continue;
    for (const { number } of await linesOf(source, orgId, id)) {
      for (const { eventId, adjustment, amount } of await partsOf(source, orgId, id, number)) {
        const what = adjustment === undefined ? eventId : `${eventId}#${adjustment}`;
        const place = places.get(what) ?? new Map<string, Pico>();
        place.set(id, (place.get(id) ?? 0n) + parseAmount(amount));
        places.set(what, place);
      }
    }
  }
  return places;
}
