import type { DataSource, EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import { type Credit, type CreditedInvoice, postCreditNote, splitCredit } from '#accounting/invoicing/credit-note.js';
import type { issueCreditNote } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { postTransactions, takeTurn } from '../post-transactions.js';
import { requireWallet } from '../wallets/find-wallet.js';
import { findByKey } from '../wallets/post-once.js';
import { payableUnit } from './compute-usage.js';
import { type OpenInvoice, requireFinal } from './find-final.js';
import { requirePayable } from './pay-invoice.js';
import { findIssuer } from './read-profiles.js';
import { findCreditNote } from './read-credit-notes.js';

type Wanted = z.infer<typeof issueCreditNote.request>;

/**
 * Gives back a part of an invoice, or all of it, once per idempotency key: first off what is outstanding, the rest into a
 * wallet.
 * @throws RequestFailure `conflict` for more than earlier credit notes left, a void invoice, or a key that stands for
 * something else.
 */
export function creditInvoice(source: DataSource, wanted: Wanted): Promise<z.infer<typeof issueCreditNote.reply>> {
  const { orgId, id, idempotencyKey } = wanted;
  return takeTurn(source, async (db) => {
    const earlier = await findByKey(db, orgId, idempotencyKey);
    if (earlier !== undefined) return { ...(await sameCreditNote(db, earlier.id, wanted)), repeated: true };
    const invoice = await requireFinal(db, orgId, id);
    const amount = requireCreditable(invoice, wanted);
    const wallet = wanted.wallet ?? defaultWallet;
    const { currency } = invoice;
    await requireWallet(db, { orgId, wallet, currency });
    const credited = await readCredited(db, invoice);
    const credit = splitCredit(payableUnit(currency), credited, amount);
    const postings = postCreditNote(credited, credit, { outstanding: invoice.outstanding, wallet });
    const effectiveAt = new Date().toISOString();
    const posted = { orgId, currency, kind: 'credit_note' as const, idempotencyKey, effectiveAt, postings };
    const [transactionId = ''] = await postTransactions(db, [posted]);
    await writeCreditNote(db, invoice, { amount, credit, wallet, reason: wanted.reason, transactionId });
    return { ...(await requireCreditNote(db, transactionId)), repeated: false };
  });
}

function requireCreditable(invoice: OpenInvoice, { amount: text }: Wanted): Pico {
  const amount = requirePayable(invoice, text);
  const { id, currency, total, credited, isVoid } = invoice;
  if (isVoid) throw new RequestFailure('conflict', `Invoice "${id}" is void: there is nothing to credit.`);
  if (amount <= total - credited) return amount;
  throw new RequestFailure(
    'conflict',
    `Of invoice "${id}" ${formatAmount(total - credited)} ${currency} can still be credited, less than ${text}.`,
  );
}

async function readCredited(db: EntityManager, { orgId, id, total, credited }: OpenInvoice): Promise<CreditedInvoice> {
  const taxes = await db.query<{ jurisdiction: string; amount: string; credited: string }[]>(
    `SELECT t.jurisdiction, t.amount, (
       SELECT coalesce(sum(ct.amount), 0) FROM credit_note c
       JOIN credit_note_tax ct ON (ct.org_id, ct.credit_note_id, ct.number) = (c.org_id, c.id, t.number)
       WHERE (c.org_id, c.invoice_id) = (t.org_id, t.invoice_id)) AS credited
     FROM invoice_tax t WHERE (t.org_id, t.invoice_id) = ($1, $2) ORDER BY t.number`,
    [orgId, id],
  );
  return {
    total,
    creditedBefore: credited,
    taxes: taxes.map((tax) => ({
      jurisdiction: tax.jurisdiction,
      amount: BigInt(tax.amount),
      creditedBefore: BigInt(tax.credited),
    })),
  };
}

interface NewCreditNote {
  readonly amount: Pico;
  readonly credit: Credit;
  readonly wallet: string;
  readonly reason: string;
  readonly transactionId: string;
}

/** Its issuer is that of the invoice, as it is called now. Its number, and when it was issued, are the database's to say. */
async function writeCreditNote(db: EntityManager, invoice: OpenInvoice, note: NewCreditNote): Promise<void> {
  const issuer = await findIssuer(db, invoice.issuerId);
  if (issuer === undefined) throw new Error(`Issuer ${invoice.issuerId} has issued an invoice and is not there.`);
  const id = uuidv7();
  const { amount, credit, wallet, reason, transactionId } = note;
  const takenOff = amount < invoice.outstanding ? amount : invoice.outstanding > 0n ? invoice.outstanding : 0n;
  await db.query(
    `INSERT INTO credit_note (org_id, id, invoice_id, currency, issuer_id, issuer_profile, amount, net, taken_off,
       wallet_id, reason, transaction_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      ...[invoice.orgId, id, invoice.id, invoice.currency, invoice.issuerId, issuer.revision],
      ...[amount.toString(), credit.net.toString(), takenOff.toString(), wallet, reason, transactionId],
    ],
  );
  await db.query(
    `INSERT INTO credit_note_tax (org_id, credit_note_id, number, amount)
     SELECT $1, $2, tax.* FROM unnest($3::int[], $4::numeric[]) AS tax`,
    [invoice.orgId, id, credit.taxes.map((_, index) => index + 1), credit.taxes.map(String)],
  );
}

async function requireCreditNote(db: EntityManager, transactionId: string) {
  const note = await findCreditNote(db, transactionId);
  if (note === undefined) throw new Error(`Transaction ${transactionId} posted a credit note that is not there.`);
  return note;
}

/** What an earlier request under the key gave. @throws RequestFailure `conflict` when it was something else. */
async function sameCreditNote(db: EntityManager, transactionId: string, wanted: Wanted) {
  const note = await findCreditNote(db, transactionId);
  const isSame =
    note !== undefined &&
    note.invoice.id === wanted.id &&
    parseAmount(note.amount) === parseAmount(wanted.amount) &&
    note.wallet === (wanted.wallet ?? defaultWallet);
  if (isSame) return note;
  throw new RequestFailure(
    'conflict',
    `Idempotency key "${wanted.idempotencyKey}" already stands for something else: another credit note needs another key.`,
  );
}
