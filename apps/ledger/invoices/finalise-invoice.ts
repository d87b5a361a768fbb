import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { finaliseInvoice, Invoice, InvoiceEvidence } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { postTransactions, takeTurn } from '../post-transactions.js';
import { assessInvoice } from './assess-invoice.js';
import { computeUsage, coverUsage, type InvoicedUsage, type InvoiceSubject } from './compute-usage.js';
import { findDraft, isFinal } from './find-draft.js';
import { readInvoice } from './read-invoice.js';
import { type FinalInvoice, writeInvoice } from './write-invoice.js';

/** Another invoice of the same book went before us so often that something else must be wrong. */
const maxAttempts = 5;

/** With a space, which no key of a caller has. */
export const keyOfInvoice = (id: string) => `invoice ${id}`;

/**
 * Makes a draft final: computes its usage anew, then in one turn gives it the next number and posts it. A turn that does
 * not commit leaves nothing behind, also no number. Of an invoice that is final, the answer is what it is now.
 * @throws RequestFailure `not_found` without a draft; `conflict` when its period is not over, something is missing or the
 * evidence does not reach as far as its usage.
 */
export async function makeFinal(
  source: DataSource,
  { orgId, id, evidence }: z.infer<typeof finaliseInvoice.request>,
): Promise<Invoice> {
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    // In this order: whoever makes it final meanwhile takes the draft away in the same turn.
    const draft = await findDraft(source.manager, orgId, id);
    if (await isFinal(source.manager, orgId, id)) return readInvoice(source, { orgId, id });
    if (draft === undefined) throw new RequestFailure('not_found', `There is no draft "${id}".`);
    await requireOver(source, draft.subject);
    const usage = await computeUsage(source, draft.subject);
    if (await isFinal(source.manager, orgId, id)) continue;
    requireReconciled(usage, evidence);
    if (await takeTurn(source, (db) => finaliseInTurn(db, draft.subject, usage, evidence))) {
      return readInvoice(source, { orgId, id });
    }
  }
  throw new RequestFailure('unavailable', `Other invoices of ${orgId} were made final meanwhile: try again.`);
}

/** @returns false when it has to be computed again, because another invoice of the book came first. */
async function finaliseInTurn(
  db: EntityManager,
  subject: InvoiceSubject,
  usage: InvoicedUsage,
  evidence: InvoiceEvidence,
): Promise<boolean> {
  const { orgId, id, currency } = subject;
  if (await isFinal(db, orgId, id)) return true;
  // Meanwhile it may have been drafted for other days, or taken away.
  if (!isDeepStrictEqual((await findDraft(db, orgId, id))?.subject, subject)) return false;
  if (!isDeepStrictEqual(await coverUsage(db, subject, usage.through), usage.coverage)) return false;
  const { issuer, customer, missing, ...assessed } = await assessInvoice(db, subject, usage);
  if (issuer === undefined || customer === undefined || missing.length > 0) {
    throw new RequestFailure('conflict', `Invoice "${id}" cannot be final: ${missing.join(' ')}`);
  }
  const { postings } = assessed.settlement;
  const effectiveAt = new Date().toISOString();
  const posted = { orgId, currency, kind: 'invoice' as const, idempotencyKey: keyOfInvoice(id), effectiveAt, postings };
  const [transactionId = ''] = await postTransactions(db, [posted]);
  const written: FinalInvoice = { subject, usage, issuer, customer, evidence, transactionId, ...assessed };
  await writeInvoice(db, written);
  await db.query('DELETE FROM invoice_draft WHERE (org_id, id) = ($1, $2)', [orgId, id]);
  return true;
}

async function requireOver(source: DataSource, { id, period }: InvoiceSubject): Promise<void> {
  const [row] = await source.query<{ over: boolean }[]>(`SELECT $1::date <= (now() AT TIME ZONE 'UTC')::date AS over`, [
    period.to,
  ]);
  if (row?.over === true) return;
  throw new RequestFailure('conflict', `Invoice "${id}" is for days up to ${period.to} (UTC), which are not over yet.`);
}

/** What came after the run has not been compared with anything. */
function requireReconciled({ lastSequence }: InvoicedUsage, evidence: InvoiceEvidence): void {
  if (evidence.kind === 'override' || evidence.usageSequence >= lastSequence) return;
  throw new RequestFailure(
    'conflict',
    `Reconciliation ${evidence.runId} looked at USAGE up to ${evidence.usageSequence}, and this usage reaches to ${lastSequence}: run it again.`,
  );
}
