import type { DataSource, EntityManager } from 'typeorm';
import { LineCollector, type InvoiceLine, toInvoiceLines } from '#accounting/invoicing/collect-lines.js';
import { overlappedBy, type Period, planCoverage, type PlannedCoverage } from '#accounting/invoicing/coverage.js';
import { minorUnitOf } from '#accounting/invoicing/minor-units.js';
import type { Funding } from '#accounting/invoicing/settle-invoice.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { AmountError, type Pico } from '#money/pico.js';
import { type Covered, readCovered, readFunding } from './read-covered.js';
import { readStanding } from './read-standing.js';

/** What an invoice is to be for. */
export interface InvoiceSubject {
  readonly orgId: string;
  readonly id: string;
  readonly currency: string;
  readonly period: Period;
}

export interface InvoicedUsage {
  /** The newest block of the book when it was computed. */
  readonly through: number;
  readonly coverage: readonly PlannedCoverage[];
  readonly lines: readonly InvoiceLine[];
  readonly funding: Funding;
  /** The last place on USAGE that any of it comes from; -1 of nothing. */
  readonly lastSequence: number;
}

/**
 * The usage of an invoice as the book stands, in one snapshot. Not in the writer's turn: what is in blocks already does
 * not change any more, and a large invoice takes its time.
 * @throws RequestFailure `conflict` when another invoice is for some of these days already.
 */
export function computeUsage(source: DataSource, subject: InvoiceSubject): Promise<InvoicedUsage> {
  const { orgId, currency } = subject;
  return source.transaction('REPEATABLE READ', async (db) => {
    await db.query('SET TRANSACTION READ ONLY');
    const through = await readHead(db);
    const coverage = await coverUsage(db, subject, through);
    return { through, coverage, ...(await sumUsage(db, { orgId, currency, coverage })) };
  });
}

/** What the invoice takes. The same again, unless another invoice of the book was made final or void meanwhile. */
export async function coverUsage(
  db: EntityManager,
  { orgId, id, currency, period }: InvoiceSubject,
  through: number,
): Promise<readonly PlannedCoverage[]> {
  const standing = await readStanding(db, orgId, currency);
  // Itself among them was made final meanwhile, by somebody who asked for the same.
  const others = standing.filter((invoice) => invoice.id !== id);
  const other = overlappedBy(period, others);
  if (other !== undefined) {
    throw new RequestFailure(
      'conflict',
      `Invoice "${other.id}" is for ${other.period.from} to ${other.period.to} already: what came late is on the next invoice, or void that one first.`,
    );
  }
  return planCoverage(period, standing, through);
}

/** Lines and payers of what was taken. Again and again the same. */
export async function sumUsage(
  db: EntityManager,
  covered: Covered,
): Promise<Pick<InvoicedUsage, 'lines' | 'funding' | 'lastSequence'>> {
  const unit = payableUnit(covered.currency);
  const collector = new LineCollector();
  let lastSequence = -1;
  for await (const { source, parts, usageSequence, strays } of readCovered(db, covered)) {
    if (strays) {
      throw new RequestFailure(
        'conflict',
        `Event ${source.eventId} was booked in one transaction with other days: only whole months can be invoiced here.`,
      );
    }
    collector.add(source, parts);
    lastSequence = Math.max(lastSequence, usageSequence);
  }
  const lines = toInvoiceLines(unit, collector.lines());
  return { lines, funding: await readFunding(db, covered), lastSequence };
}

/** @throws RequestFailure `invalid` for a currency that has no minor unit. */
export function payableUnit(currency: string): Pico {
  try {
    return minorUnitOf(currency);
  } catch (error) {
    if (error instanceof AmountError) throw new RequestFailure('invalid', error.message, { cause: error });
    throw error;
  }
}

async function readHead(db: EntityManager): Promise<number> {
  const [row] = await db.query<{ height: string }[]>('SELECT coalesce(max(height), -1) AS height FROM block');
  if (row === undefined) throw new Error('A maximum without groups has no row.');
  return Number(row.height);
}
