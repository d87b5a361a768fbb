import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { rootOfLines } from '#accounting/invoicing/collect-lines.js';
import { sumOf } from '#accounting/invoicing/invoice-tax.js';
import type { discardDraft, draftInvoice, Invoice } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { type AssessedInvoice, assessInvoice } from './assess-invoice.js';
import { computeUsage, type InvoicedUsage, type InvoiceSubject } from './compute-usage.js';
import { type DraftContent, findDraft, isFinal } from './find-draft.js';
import { showLine } from './shown-line.js';

/**
 * Computes a draft and keeps it, for whoever reads its lines; the same id again computes it anew. It has no number and
 * posts nothing, and its period need not be over.
 */
export async function makeDraft(source: DataSource, subject: z.infer<typeof draftInvoice.request>): Promise<Invoice> {
  const { orgId, id, currency, period } = subject;
  await requireNotFinal(source.manager, orgId, id);
  const usage = await computeUsage(source, subject);
  const assessed = await assessInvoice(source.manager, subject, usage);
  const content: DraftContent = {
    invoice: showDraft(subject, usage, assessed),
    lines: usage.lines.map(showLine),
  };
  // In a turn, as making it final is: no draft is left beside the invoice that it became.
  return takeTurn(source, async (db) => {
    await requireNotFinal(db, orgId, id);
    await db.query('DELETE FROM invoice_draft WHERE (org_id, id) = ($1, $2)', [orgId, id]);
    await db.query(
      `INSERT INTO invoice_draft (org_id, id, currency, from_day, to_day, content) VALUES ($1, $2, $3, $4, $5, $6)`,
      [orgId, id, currency, period.from, period.to, JSON.stringify(content)],
    );
    return (await requireDraft(db, orgId, id)).content.invoice;
  });
}

/** Takes a draft away. @returns what it was. */
export function removeDraft(source: DataSource, { orgId, id }: z.infer<typeof discardDraft.request>): Promise<Invoice> {
  // In a turn: what was taken away does not become final all the same.
  return takeTurn(source, async (db) => {
    const draft = await requireDraft(db, orgId, id);
    await db.query('DELETE FROM invoice_draft WHERE (org_id, id) = ($1, $2)', [orgId, id]);
    return draft.content.invoice;
  });
}

async function requireNotFinal(db: EntityManager, orgId: string, id: string): Promise<void> {
  if (!(await isFinal(db, orgId, id))) return;
  throw new RequestFailure('conflict', `Invoice "${id}" is final: another draft needs another id.`);
}

async function requireDraft(db: EntityManager, orgId: string, id: string) {
  const draft = await findDraft(db, orgId, id);
  if (draft === undefined) throw new RequestFailure('not_found', `There is no draft "${id}".`);
  return draft;
}

function showDraft(subject: InvoiceSubject, usage: InvoicedUsage, assessed: AssessedInvoice): Omit<Invoice, 'at'> {
  const { exact, rounded, taxes, settlement, missing, issuer, customer } = assessed;
  const { total, prepaid, due } = settlement;
  const ofWallets = [...usage.funding.wallets.values()].reduce((sum, amount) => sum + amount, 0n);
  return {
    orgId: subject.orgId,
    id: subject.id,
    state: 'draft',
    currency: subject.currency,
    period: subject.period,
    throughBlock: usage.through,
    ...(issuer === undefined ? {} : { issuer: issuer.profile }),
    ...(customer === undefined ? {} : { customer: customer.profile }),
    amounts: {
      exact: formatAmount(exact),
      rounded: formatAmount(rounded),
      rounding: formatAmount(rounded - exact),
      tax: formatAmount(sumOf(taxes)),
      total: formatAmount(total),
      paidByCredits: formatAmount(usage.funding.credits),
      paidByWallets: formatAmount(ofWallets),
      prepaid: formatAmount(prepaid),
      due: formatAmount(due),
      paid: '0',
      credited: '0',
      outstanding: formatAmount(due),
    },
    taxes: taxes.map((tax) => ({ ...tax, base: formatAmount(tax.base), amount: formatAmount(tax.amount) })),
    lineCount: usage.lines.length,
    root: Buffer.from(rootOfLines(usage.lines)).toString('hex'),
    ...(missing.length === 0 ? {} : { missing: [...missing] }),
  };
}
