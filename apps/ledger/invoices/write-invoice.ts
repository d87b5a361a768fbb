import type { EntityManager } from 'typeorm';
import { rootOfLines } from '#accounting/invoicing/collect-lines.js';
import type { BillingProfile, InvoiceEvidence, Issuer } from '#contracts/requests/invoices.js';
import type { AssessedInvoice } from './assess-invoice.js';
import type { InvoicedUsage, InvoiceSubject } from './compute-usage.js';
import type { Revision } from './read-profiles.js';

export interface FinalInvoice extends Pick<AssessedInvoice, 'exact' | 'rounded' | 'taxes' | 'settlement'> {
  readonly subject: InvoiceSubject;
  readonly usage: InvoicedUsage;
  readonly issuer: Revision<Issuer>;
  readonly customer: Revision<BillingProfile>;
  readonly evidence: InvoiceEvidence;
  readonly transactionId: string;
}

const bytes = (digest: Uint8Array) => `\\x${Buffer.from(digest).toString('hex')}`;

/** The rows of a final invoice. Its number, and when it was issued, are the database's to say. */
export async function writeInvoice(db: EntityManager, invoice: FinalInvoice): Promise<void> {
  const { subject, usage, issuer, customer, settlement } = invoice;
  const { wallets, credits } = usage.funding;
  const ofWallets = [...wallets.values()].reduce((sum, amount) => sum + amount, 0n);
  await db.query(
    `INSERT INTO invoice (org_id, id, currency, from_day, to_day, through_block, issuer_id, issuer_profile,
       billing_profile, exact, rounded, total, prepaid, due, paid_by_credits, paid_by_wallets, line_count, root, evidence,
       transaction_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    [
      ...[subject.orgId, subject.id, subject.currency, subject.period.from, subject.period.to, usage.through],
      ...[issuer.profile.id, issuer.revision, customer.revision],
      ...[invoice.exact, invoice.rounded, settlement.total, settlement.prepaid, settlement.due, credits, ofWallets].map(
        String,
      ),
      ...[usage.lines.length, bytes(rootOfLines(usage.lines)), JSON.stringify(invoice.evidence), invoice.transactionId],
    ],
  );
  await writeLines(db, invoice);
  await writeTaxes(db, invoice);
  await writeCoverage(db, invoice);
}

async function writeLines(db: EntityManager, { subject, usage: { lines } }: FinalInvoice): Promise<void> {
  await db.query(
    `INSERT INTO invoice_line (org_id, invoice_id, number, late_month, team_id, project_id, model, dimension, unit_price,
       quantity, amount, rounded, count, root)
     SELECT $1, $2, line.* FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[],
       $10::numeric[], $11::numeric[], $12::numeric[], $13::bigint[], $14::bytea[]) AS line`,
    [
      ...[subject.orgId, subject.id],
      lines.map(({ number }) => number),
      lines.map((line) => line.subject.lateMonth),
      lines.map((line) => line.subject.teamId),
      lines.map((line) => line.subject.projectId),
      lines.map((line) => line.subject.model),
      lines.map((line) => line.subject.tariff?.dimension),
      lines.map((line) => line.subject.tariff?.unitPrice.toString()),
      lines.map(({ quantity }) => quantity.toString()),
      lines.map(({ amount }) => amount.toString()),
      lines.map(({ rounded }) => rounded.toString()),
      lines.map(({ count }) => count),
      lines.map(({ root }) => bytes(root)),
    ],
  );
}

async function writeTaxes(db: EntityManager, { subject, taxes }: FinalInvoice): Promise<void> {
  if (taxes.length === 0) return;
  await db.query(
    `INSERT INTO invoice_tax (org_id, invoice_id, number, jurisdiction, name, rate, mode, base, amount)
     SELECT $1, $2, tax.* FROM unnest($3::int[], $4::text[], $5::text[], $6::numeric[], $7::text[], $8::numeric[],
       $9::numeric[]) AS tax`,
    [
      ...[subject.orgId, subject.id],
      taxes.map((_, index) => index + 1),
      taxes.map(({ jurisdiction }) => jurisdiction),
      taxes.map(({ name }) => name),
      taxes.map(({ rate }) => rate),
      taxes.map(({ mode }) => mode),
      taxes.map(({ base }) => base.toString()),
      taxes.map(({ amount }) => amount.toString()),
    ],
  );
}

async function writeCoverage(db: EntityManager, { subject, usage: { coverage } }: FinalInvoice): Promise<void> {
  await db.query(
    `INSERT INTO invoice_coverage (org_id, invoice_id, currency, number, from_day, to_day, after_block, through_block, late)
     SELECT $1, $2, $3, taken.* FROM unnest($4::int[], $5::date[], $6::date[], $7::bigint[], $8::bigint[], $9::boolean[])
       AS taken`,
    [
      ...[subject.orgId, subject.id, subject.currency],
      coverage.map((_, index) => index + 1),
      coverage.map(({ from }) => from),
      coverage.map(({ to }) => to),
      coverage.map(({ after }) => after),
      coverage.map(({ through }) => through),
      coverage.map(({ late }) => late),
    ],
  );
}
