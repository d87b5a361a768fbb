import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { cashClearing } from '#accounting/chart-of-accounts.js';
import { receivable } from '#accounting/invoicing/invoice-accounts.js';
import { minorUnitDecimals } from '#accounting/invoicing/minor-units.js';
import type { payInvoice } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { postOnce } from '../wallets/post-once.js';
import { payableUnit } from './compute-usage.js';
import { type OpenInvoice, requireFinal } from './find-final.js';
import { readInvoice } from './read-invoice.js';

/**
 * Books money that came for an invoice, once per idempotency key.
 * @throws RequestFailure `invalid` for an amount that cannot be paid; `conflict` for more than is outstanding, a void
 * invoice, or a key that stands for something else.
 */
export async function bookPayment(
  source: DataSource,
  { orgId, id, amount, idempotencyKey }: z.infer<typeof payInvoice.request>,
): Promise<z.infer<typeof payInvoice.reply>> {
  const posted = await takeTurn(source, async (db) => {
    const invoice = await requireFinal(db, orgId, id);
    const paid = requirePayable(invoice, amount);
    const effectiveAt = new Date().toISOString();
    const postings = [{ debit: cashClearing, credit: receivable, amount: paid }];
    const wanted = {
      orgId,
      currency: invoice.currency,
      kind: 'payment' as const,
      idempotencyKey,
      effectiveAt,
      postings,
    };
    const done = await postOnce(db, wanted, () => Promise.resolve(requireOwed(invoice, paid)));
    if (done.repeated) await requireSameInvoice(db, id, done.transactionId);
    else await writePayment(db, invoice, paid, done.transactionId);
    return done;
  });
  return { ...posted, invoice: await readInvoice(source, { orgId, id }) };
}

/** @throws RequestFailure `invalid` unless it is above zero and in whole minor units: nobody can pay a part of a cent. */
export function requirePayable({ currency }: OpenInvoice, text: string): Pico {
  const amount = parseAmount(text);
  if (amount > 0n && amount % payableUnit(currency) === 0n) return amount;
  throw new RequestFailure(
    'invalid',
    `${text} ${currency} cannot be paid: amounts are above zero, with at most ${minorUnitDecimals(currency)} decimals.`,
  );
}

function requireOwed({ id, currency, outstanding, isVoid }: OpenInvoice, amount: Pico): void {
  if (isVoid) throw new RequestFailure('conflict', `Invoice "${id}" is void: top up a wallet instead.`);
  if (amount <= outstanding) return;
  throw new RequestFailure(
    'conflict',
    `Of invoice "${id}" ${formatAmount(outstanding)} ${currency} are outstanding, less than ${formatAmount(amount)}: top up a wallet with the rest.`,
  );
}

async function requireSameInvoice(db: EntityManager, id: string, transactionId: string): Promise<void> {
  const [earlier] = await db.query<{ invoice_id: string }[]>(
    'SELECT invoice_id FROM invoice_payment WHERE transaction_id = $1',
    [transactionId],
  );
  if (earlier?.invoice_id === id) return;
  throw new RequestFailure(
    'conflict',
    `The idempotency key stands for a payment of invoice "${earlier?.invoice_id ?? ''}": another payment needs another key.`,
  );
}

async function writePayment(
  db: EntityManager,
  { orgId, id, currency }: OpenInvoice,
  amount: Pico,
  transactionId: string,
): Promise<void> {
  await db.query(
    `INSERT INTO invoice_payment (org_id, invoice_id, currency, amount, transaction_id, number)
     SELECT $1, $2, $3, $4, $5, count(*) + 1 FROM invoice_payment WHERE (org_id, invoice_id) = ($1, $2)`,
    [orgId, id, currency, amount.toString(), transactionId],
  );
}
