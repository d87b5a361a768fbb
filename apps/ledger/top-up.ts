import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { balanceOf, customerWallet } from '#accounting/chart-of-accounts.js';
import { type Posting, postTopUp } from '#accounting/posting-rules.js';
import type { topUp } from '#contracts/requests/ledger.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { AmountError, formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { postTransactions, takeTurn } from './post-transactions.js';

type TopUp = z.infer<typeof topUp.request>;

/**
 * Credits a wallet once per idempotency key, for ever: the same top-up again is answered with the same transaction.
 * @throws RequestFailure `invalid` on an amount that is not above zero; `conflict` when the key stands for another one.
 */
export async function topUpWallet(source: DataSource, request: TopUp): Promise<z.infer<typeof topUp.reply>> {
  const postings = readPostings(request);
  return takeTurn(source, async (db) => {
    const earlier = await findTopUp(db, request);
    if (earlier !== undefined) refuseAnother(earlier, request);
    const transactionId = earlier?.id ?? (await postOne(db, request, postings));
    return { transactionId, balance: await walletBalance(db, request), repeated: earlier !== undefined };
  });
}

function readPostings({ amount }: TopUp): Posting[] {
  try {
    return postTopUp(parseAmount(amount));
  } catch (error) {
    if (error instanceof AmountError) throw new RequestFailure('invalid', error.message, { cause: error });
    throw error;
  }
}

interface Earlier {
  readonly id: string;
  readonly currency: string;
  readonly amount: Pico;
}

async function findTopUp(db: EntityManager, { orgId, idempotencyKey }: TopUp): Promise<Earlier | undefined> {
  const [row] = await db.query<{ id: string; currency: string; amount: string }[]>(
    `SELECT t.id, t.currency, sum(p.amount) AS amount
     FROM transaction t JOIN posting p ON p.transaction_id = t.id
     WHERE t.org_id = $1 AND t.idempotency_key = $2
     GROUP BY t.id`,
    [orgId, idempotencyKey],
  );
  return row && { ...row, amount: BigInt(row.amount) };
}

function refuseAnother(earlier: Earlier, { currency, amount, idempotencyKey }: TopUp): void {
  if (earlier.currency === currency && earlier.amount === parseAmount(amount)) return;
  throw new RequestFailure(
    'conflict',
    `Idempotency key "${idempotencyKey}" already stands for a top-up of ${formatAmount(earlier.amount)} ${earlier.currency}: another top-up needs another key.`,
  );
}

async function postOne(db: EntityManager, request: TopUp, postings: Posting[]): Promise<string> {
  const { orgId, currency, idempotencyKey } = request;
  const effectiveAt = new Date().toISOString();
  const [id] = await postTransactions(db, [{ orgId, currency, kind: 'top_up', idempotencyKey, effectiveAt, postings }]);
  if (id === undefined) throw new Error('A transaction that was posted has no id.');
  return id;
}

async function walletBalance(db: EntityManager, { orgId, currency }: TopUp): Promise<string> {
  const [row] = await db.query<{ debits: string; credits: string }[]>(
    `SELECT debits, credits FROM balance JOIN account a ON a.id = account_id
     WHERE a.org_id = $1 AND a.name = $2 AND a.currency = $3`,
    [orgId, customerWallet.name, currency],
  );
  if (row === undefined) throw new Error(`The wallet of ${orgId} in ${currency} has a top-up and no balance.`);
  return formatAmount(balanceOf(customerWallet.kind, BigInt(row.debits), BigInt(row.credits)));
}
