import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { allocateUsage } from '#accounting/allocate-usage.js';
import { customerWallet, unbilledReceivable } from '#accounting/chart-of-accounts.js';
import { correctCharge as postCorrection } from '#accounting/correct-charge.js';
import { type Posting, postProviderCosts } from '#accounting/posting-rules.js';
import type { correctCharge } from '#contracts/requests/accounting.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { countSpending } from '../budgets/count-spending.js';
import { postTransactions, takeTurn } from '../post-transactions.js';
import { findByKey } from '../wallets/post-once.js';
import { type Payers, readPayers } from '../wallets/read-payers.js';
import { type BookedCharge, findCharge } from './find-charge.js';
import { readPayments } from './read-payments.js';

type Request = z.infer<typeof correctCharge.request>;
type Reply = z.infer<typeof correctCharge.reply>;

/**
 * Makes a charge what it was worth after all: the reverse of what stands and the right one, in one transaction of the open
 * month that says which month it belongs to. A suspended charge gets its late price by the rules of the day it happened.
 * @throws RequestFailure `not_found` without such a charge; `conflict` when it is voided, of another currency, has this
 * price already, or when the key stands for anything else.
 */
export async function correctBookedCharge(source: DataSource, request: Request): Promise<Reply> {
  const right = { currency: request.currency, amount: readAmount(request.amount), cost: readAmount(request.cost) };
  return takeTurn(source, async (db) => {
    const earlier = await findByKey(db, request.orgId, request.idempotencyKey);
    if (earlier !== undefined) return repeatedAnswer(db, earlier.id, request);
    const charge = await findCharge(db, request.orgId, request.eventId);
    if (charge === undefined) {
      throw new RequestFailure('not_found', `There is no charge of event "${request.eventId}" of ${request.orgId}.`);
    }
    requireCorrectable(charge, right);
    const book = { orgId: request.orgId, currency: request.currency };
    const payersOf = await readPayers(db, [book]);
    const postings = await postingsFor(db, { charge, right, payers: payersOf(book) });
    const [transactionId = ''] = await postTransactions(db, [
      {
        ...book,
        kind: 'correction',
        idempotencyKey: request.idempotencyKey,
        effectiveAt: charge.effectiveAt,
        memo: request.reason,
        postings,
        ...(charge.transactionId === undefined ? {} : { corrects: charge.transactionId }),
      },
    ]);
    const change = {
      amount: right.amount - (charge.price?.amount ?? 0n),
      cost: right.cost - (charge.price?.cost ?? 0n),
    };
    await writeAdjustment(db, { request, charge, transactionId, change });
    await countSpending(db, [
      { ...charge, currency: request.currency, amount: change.amount, effectiveAtMs: Date.parse(charge.effectiveAt) },
    ]);
    return shownChange(transactionId, change, false);
  });
}

function readAmount(text: string): Pico {
  const amount = parseAmount(text);
  if (amount >= 0n) return amount;
  throw new RequestFailure('invalid', `A charge is not worth ${text}: give what it is worth in all, from 0.`);
}

interface Price {
  readonly currency: string;
  readonly amount: Pico;
  readonly cost: Pico;
}

function requireCorrectable({ eventId, status, price }: BookedCharge, right: Price): void {
  if (status === 'voided') {
    throw new RequestFailure('conflict', `Event "${eventId}" was voided: there is nothing to charge for.`);
  }
  if (price === undefined) return;
  if (price.currency !== right.currency) {
    const what = `Event "${eventId}" is charged in ${price.currency}, not in ${right.currency}`;
    throw new RequestFailure('conflict', `${what}: correct it to 0 and charge for it otherwise.`);
  }
  if (price.amount === right.amount && price.cost === right.cost) {
    const what = `${formatAmount(price.amount)} ${price.currency} at a cost of ${formatAmount(price.cost)}`;
    throw new RequestFailure('conflict', `Event "${eventId}" is charged with ${what} already.`);
  }
}

interface Correction {
  readonly charge: BookedCharge;
  readonly right: Price;
  readonly payers: Payers;
}

async function postingsFor(db: EntityManager, { charge, right, payers }: Correction): Promise<Posting[]> {
  const { provider, price, eventId } = charge;
  if (price === undefined) {
    const usage = { eventId, provider, ...right, effectiveAtMs: Date.parse(charge.effectiveAt) };
    const { postings } = allocateUsage([usage], payers.grants, () => payers.walletOf(charge));
    return [...postings, ...postProviderCosts([usage])];
  }
  const { id, kind } = payers.walletOf(charge);
  const payer = kind === 'prepaid' ? customerWallet(id) : unbilledReceivable(id);
  const payments = await readPayments(db, charge, payers);
  return postCorrection({ provider, payments, cost: price.cost }, { ...right, payer });
}

interface NewAdjustment {
  readonly request: Request;
  readonly charge: BookedCharge;
  readonly transactionId: string;
  readonly change: { readonly amount: Pico; readonly cost: Pico };
}

async function writeAdjustment(db: EntityManager, { request, charge, transactionId, change }: NewAdjustment) {
  await db.query(
    `INSERT INTO adjustment (org_id, event_id, number, currency, amount, cost, price_version, reason, transaction_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[request.orgId, request.eventId, charge.adjustments + 1, request.currency, change.amount.toString()],
      ...[change.cost.toString(), request.priceVersion, request.reason, transactionId],
    ],
  );
}

interface AdjustmentRow {
  readonly amount: string;
  readonly cost: string;
  readonly same: boolean;
}

/** What the first request was told. @throws RequestFailure `conflict` when the key stands for anything else. */
async function repeatedAnswer(db: EntityManager, transactionId: string, request: Request): Promise<Reply> {
  const [row] = await db.query<AdjustmentRow[]>(
    `SELECT a.amount, a.cost, (a.event_id, a.currency, a.price_version, a.reason) = ($2, $3, $4, $5)
       AND coalesce(c.amount, 0) + s.amount = $6 AND coalesce(c.cost, 0) + s.cost = $7 AS same
     FROM adjustment a
     JOIN charge_identity i USING (org_id, event_id)
     JOIN charge c ON (c.org_id, c.event_id, c.effective_at) = (i.org_id, i.event_id, i.effective_at)
     CROSS JOIN LATERAL (
       SELECT sum(amount) AS amount, sum(cost) AS cost FROM adjustment
       WHERE (org_id, event_id) = (a.org_id, a.event_id) AND number <= a.number
     ) AS s
     WHERE a.transaction_id = $1`,
    [
      ...[transactionId, request.eventId, request.currency, request.priceVersion, request.reason],
      ...[parseAmount(request.amount).toString(), parseAmount(request.cost).toString()],
    ],
  );
  if (row?.same === true) {
    return shownChange(transactionId, { amount: BigInt(row.amount), cost: BigInt(row.cost) }, true);
  }
  const key = `Idempotency key "${request.idempotencyKey}" already stands for transaction ${transactionId}`;
  throw new RequestFailure('conflict', `${key}, which is another: another correction needs another key.`);
}

const shownChange = (transactionId: string, { amount, cost }: { amount: Pico; cost: Pico }, repeated: boolean) => ({
  ...{ transactionId, amount: formatAmount(amount), cost: formatAmount(cost), repeated },
});
