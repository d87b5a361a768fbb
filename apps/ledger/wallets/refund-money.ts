import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import { postRefund, postReportedRefund } from '#accounting/posting-rules.js';
import type { refund, reportRefund } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { requireWallet } from './find-wallet.js';
import { findByKey, postingsOf, postOnce } from './post-once.js';
import { readWallet } from './read-wallets.js';
import { requireMoney } from './transfer-money.js';

/** Pays back a wallet's own money, once per idempotency key, and no more than is there and not leased. */
export async function refundMoney(
  source: DataSource,
  { orgId, wallet, currency, amount, idempotencyKey }: z.infer<typeof refund.request>,
): Promise<z.infer<typeof refund.reply>> {
  const postings = postingsOf(amount, (pico) => postRefund(wallet, pico));
  const named = { orgId, wallet, currency };
  return takeTurn(source, async (db) => {
    const wanted = { orgId, currency, idempotencyKey, kind: 'refund' as const, postings };
    const posted = await postOnce(db, { ...wanted, effectiveAt: new Date().toISOString() }, async () => {
      await requireWallet(db, named);
      await requireMoney(db, named, amount);
    });
    return { ...posted, balance: (await readWallet(db, named)).balance };
  });
}

type Report = z.infer<typeof reportRefund.request>;

/**
 * Books what a payment provider has given back and the book does not know yet. The money is gone whether or not the
 * wallet still has it, so all of it is posted: what was spent already is owed by the customer.
 * @throws RequestFailure `not_found` before the payment's top-up is booked; `conflict` for more than was paid.
 */
export async function bookReportedRefund(
  source: DataSource,
  report: Report,
): Promise<z.infer<typeof reportRefund.reply>> {
  const { orgId, paymentId, currency } = report;
  return takeTurn(source, async (db) => {
    const total = parseAmount(report.refundedTotal);
    const wallet = await walletOfPayment(db, report, total);
    const named = { orgId, wallet, currency };
    const earlier = await readRefunded(db, report);
    if (earlier.last !== undefined && earlier.amount >= total) {
      return { transactionId: earlier.last, repeated: true, balance: (await readWallet(db, named)).balance };
    }
    const { money } = await readWallet(db, named);
    const refunded = formatAmount(total - earlier.amount);
    const postings = postingsOf(refunded, (pico) => postReportedRefund(wallet, pico, parseAmount(money)));
    const idempotencyKey = `${keysOfRefunds(paymentId)}${formatAmount(total)}`;
    const wanted = { orgId, currency, kind: 'refund' as const, idempotencyKey, postings };
    const posted = await postOnce(db, { ...wanted, effectiveAt: new Date().toISOString() });
    return { ...posted, balance: (await readWallet(db, named)).balance };
  });
}

/** The wallet that the payment went into. */
async function walletOfPayment(db: EntityManager, report: Report, total: Pico): Promise<string> {
  const { orgId, paymentId, currency } = report;
  const paid = await findByKey(db, orgId, paymentId);
  const [credited] = paid?.movements ?? [];
  if (paid?.kind !== 'top_up' || credited === undefined) {
    throw new RequestFailure(
      'not_found',
      `No top-up under "${paymentId}" is booked: report the payment before its refund.`,
    );
  }
  if (paid.currency !== currency || credited.amount < total) {
    throw new RequestFailure(
      'conflict',
      `Payment "${paymentId}" was ${formatAmount(credited.amount)} ${paid.currency}: ${report.refundedTotal} ${currency} of it cannot have been refunded.`,
    );
  }
  return credited.credit.split(':')[1] ?? defaultWallet;
}

/** With a space, which no key of a caller has: each refund has a key of its own, by how much was given back with it. */
const keysOfRefunds = (paymentId: string) => `refund ${paymentId} `;

async function readRefunded(db: EntityManager, { orgId, paymentId }: Report): Promise<{ amount: Pico; last?: string }> {
  const [row] = await db.query<{ amount: string; last: string | null }[]>(
    `SELECT coalesce(sum(p.amount), 0) AS amount, max(t.id) AS last
     FROM transaction t JOIN posting p ON p.transaction_id = t.id
     WHERE t.org_id = $1 AND t.kind = 'refund' AND starts_with(t.idempotency_key, $2)`,
    [orgId, keysOfRefunds(paymentId)],
  );
  if (row === undefined) throw new Error('A sum without groups has no row.');
  return { amount: BigInt(row.amount), ...(row.last === null ? {} : { last: row.last }) };
}
