import type { DataSource, EntityManager } from 'typeorm';
import { lineLeaf, rootOfLines } from '#accounting/invoicing/collect-lines.js';
import { minorUnitOf } from '#accounting/invoicing/minor-units.js';
import type { TaxRate } from '#accounting/invoicing/invoice-tax.js';
import { reversePostings, settleInvoice } from '#accounting/invoicing/settle-invoice.js';
import type { Posting } from '#accounting/posting-rules.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { sumUsage } from './compute-usage.js';
import { readPostings } from './find-final.js';
import { readFinalLines } from './read-final-lines.js';
import { readCoverage } from './read-standing.js';

interface InvoiceRow {
  readonly org_id: string;
  readonly id: string;
  readonly currency: string;
  readonly exact: string;
  readonly rounded: string;
  readonly total: string;
  readonly prepaid: string;
  readonly due: string;
  readonly root: string;
  readonly transaction_id: string;
  readonly void_transaction_id: string | null;
}

const invoices = `
  SELECT i.org_id, i.id, i.currency, i.exact, i.rounded, i.total, i.prepaid, i.due, encode(i.root, 'hex') AS root,
    i.transaction_id, v.transaction_id AS void_transaction_id
  FROM invoice i LEFT JOIN invoice_void v ON (v.org_id, v.invoice_id) = (i.org_id, i.id)`;

/**
 * Computes a final invoice again from the sub-ledger and compares: each line with its charges, the sums with the lines, the
 * root, and the transaction with what such an invoice posts.
 * @returns what is wrong, in sentences, the first wrong line first; nothing when all is right.
 */
export function verifyInvoice(source: DataSource, orgId: string, id: string): Promise<readonly string[]> {
  return source.transaction('REPEATABLE READ', async (db) => {
    const [row] = await db.query<InvoiceRow[]>(`${invoices} WHERE (i.org_id, i.id) = ($1, $2)`, [orgId, id]);
    return row === undefined ? [`Invoice ${orgId}/${id} is not in the book.`] : checkInvoice(db, row);
  });
}

/** Every invoice, and what only all of them together show: numbers without gaps, and nothing on two of them. */
export function verifyInvoices(source: DataSource): Promise<readonly string[]> {
  return source.transaction('REPEATABLE READ', async (db) => {
    const problems: string[] = [...(await findGaps(db)), ...(await findTwice(db))];
    for (const row of await db.query<InvoiceRow[]>(`${invoices} ORDER BY i.issued_at, i.org_id, i.id`)) {
      problems.push(...(await checkInvoice(db, row)));
    }
    return problems;
  });
}

async function checkInvoice(db: EntityManager, row: InvoiceRow): Promise<string[]> {
  const { org_id: orgId, id, currency } = row;
  const name = `Invoice ${orgId}/${id}`;
  const stored = await readFinalLines(db, { orgId, id });
  const coverage = await readCoverage(db, orgId, id);
  const { lines, funding } = await sumUsage(db, { orgId, currency, coverage });
  const problems: string[] = [];
  for (let index = 0; index < Math.max(stored.length, lines.length); index += 1) {
    const [found, expected] = [stored[index], lines[index]];
    const [said, is] = [found && lineLeaf(found), expected && lineLeaf(expected)];
    if (said !== is) problems.push(`${name}, line ${index + 1}: it says ${said}, and its charges are ${is}.`);
  }
  if (Buffer.from(rootOfLines(stored)).toString('hex') !== row.root)
    problems.push(`${name}: its root is of other lines.`);
  const sums = {
    exact: lines.reduce((sum, { amount }) => sum + amount, 0n),
    rounded: lines.reduce((sum, line) => sum + line.rounded, 0n),
  };
  const taxes = await readTaxes(db, orgId, id);
  const settled = settleInvoice(minorUnitOf(currency), { ...sums, taxes }, funding);
  problems.push(...compareSums(name, row, { ...sums, ...settled }));
  const postings = await readPostings(db, row.transaction_id);
  problems.push(...comparePostings(`${name}, transaction ${row.transaction_id}`, postings, settled.postings));
  if (row.void_transaction_id !== null) {
    const reversal = await readPostings(db, row.void_transaction_id);
    problems.push(
      ...comparePostings(`${name}, reversal ${row.void_transaction_id}`, reversal, reversePostings(postings)),
    );
  }
  return problems;
}

async function readTaxes(db: EntityManager, orgId: string, id: string) {
  const rows = await db.query<(TaxRate & { base: string; amount: string })[]>(
    `SELECT jurisdiction, name, trim_scale(rate)::text AS rate, mode, base, amount FROM invoice_tax
     WHERE (org_id, invoice_id) = ($1, $2) ORDER BY number`,
    [orgId, id],
  );
  return rows.map((tax) => ({ ...tax, base: BigInt(tax.base), amount: BigInt(tax.amount) }));
}

const sumNames = ['exact', 'rounded', 'total', 'prepaid', 'due'] as const;

function compareSums(
  name: string,
  row: InvoiceRow,
  expected: Readonly<Record<(typeof sumNames)[number], Pico>>,
): string[] {
  return sumNames
    .filter((sum) => BigInt(row[sum]) !== expected[sum])
    .map((sum) => `${name}: ${sum} is ${formatAmount(BigInt(row[sum]))}, and comes to ${formatAmount(expected[sum])}.`);
}

function comparePostings(name: string, found: readonly Posting[], expected: readonly Posting[]): string[] {
  const said = (postings: readonly Posting[]) =>
    postings
      .map(({ debit, credit, amount }) => `${debit.name} ← ${credit.name} ${formatAmount(amount)}`)
      .sort()
      .join(', ');
  return said(found) === said(expected)
    ? []
    : [`${name} posts [${said(found)}], and the invoice is [${said(expected)}].`];
}

async function findGaps(db: EntityManager): Promise<string[]> {
  const rows = await db.query<{ document: string; issuer_id: string; year: number; count: string; last: number }[]>(
    `SELECT document, issuer_id, year, count(*) AS count, max(number) AS last
     FROM (SELECT 'invoices' AS document, issuer_id, year, number FROM invoice
       UNION ALL SELECT 'credit notes', issuer_id, year, number FROM credit_note) AS numbered
     GROUP BY document, issuer_id, year HAVING count(*) <> max(number) OR min(number) <> 1 ORDER BY 1, 2, 3`,
  );
  return rows.map(
    ({ document, issuer_id, year, count, last }) =>
      `Issuer ${issuer_id} has ${count} ${document} of ${year}, and their last number is ${last}.`,
  );
}

async function findTwice(db: EntityManager): Promise<string[]> {
  const rows = await db.query<{ org_id: string; one: string; other: string }[]>(
    `WITH standing AS (
       SELECT c.* FROM invoice_coverage c
       WHERE NOT EXISTS (SELECT FROM invoice_void v WHERE (v.org_id, v.invoice_id) = (c.org_id, c.invoice_id)))
     SELECT a.org_id, a.invoice_id AS one, b.invoice_id AS other FROM standing a
     JOIN standing b ON (b.org_id, b.currency) = (a.org_id, a.currency) AND (a.invoice_id, a.number) < (b.invoice_id, b.number)
       AND a.from_day < b.to_day AND b.from_day < a.to_day
       AND a.after_block < b.through_block AND b.after_block < a.through_block`,
  );
  return rows.map(({ org_id, one, other }) => `Invoices ${one} and ${other} of ${org_id} take the same charges.`);
}
