import type { EntityManager } from 'typeorm';
import type { Posting } from '#accounting/posting-rules.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { AmountError, formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { type NewTransaction, postTransactions } from '../post-transactions.js';

export type KeyedTransaction = NewTransaction & { readonly idempotencyKey: string };

export interface Posted {
  readonly transactionId: string;
  /** The key was known: nothing was posted now. */
  readonly repeated: boolean;
}

/**
 * Posts a transaction once per idempotency key, for ever. To be called in a turn.
 * @param allow throws when the money may not move as the book stands now; not asked when it has moved already.
 * @throws RequestFailure `conflict` when the key stands for anything else.
 */
export async function postOnce(
  db: EntityManager,
  wanted: KeyedTransaction,
  allow: () => Promise<void> = () => Promise.resolve(),
): Promise<Posted> {
  const earlier = await findByKey(db, wanted.orgId, wanted.idempotencyKey);
  if (earlier !== undefined) {
    if (!isSame(earlier, wanted)) throw keyTaken(earlier, wanted);
    return { transactionId: earlier.id, repeated: true };
  }
  await allow();
  const [transactionId] = await postTransactions(db, [wanted]);
  if (transactionId === undefined) throw new Error('A transaction that was posted has no id.');
  return { transactionId, repeated: false };
}

/** @throws RequestFailure `invalid` instead of AmountError: the amount is the caller's. */
export function postingsOf(amount: string, post: (amount: Pico) => Posting[]): Posting[] {
  try {
    return post(parseAmount(amount));
  } catch (error) {
    if (error instanceof AmountError) throw new RequestFailure('invalid', error.message, { cause: error });
    throw error;
  }
}

interface Movement {
  readonly debit: string;
  readonly credit: string;
  readonly amount: Pico;
}

export interface EarlierTransaction {
  readonly id: string;
  readonly kind: string;
  readonly currency: string;
  readonly movements: readonly Movement[];
}

export async function findByKey(
  db: EntityManager,
  orgId: string,
  idempotencyKey: string,
): Promise<EarlierTransaction | undefined> {
  const [head] = await db.query<{ id: string; kind: string; currency: string }[]>(
    'SELECT id, kind, currency FROM transaction WHERE org_id = $1 AND idempotency_key = $2',
    [orgId, idempotencyKey],
  );
  if (head === undefined) return undefined;
  const movements = await db.query<{ debit: string; credit: string; amount: string }[]>(
    `SELECT debit.name AS debit, credit.name AS credit, p.amount
     FROM posting p JOIN account debit ON debit.id = p.debit_account JOIN account credit ON credit.id = p.credit_account
     WHERE p.transaction_id = $1 ORDER BY p.id`,
    [head.id],
  );
  return { ...head, movements: movements.map((movement) => ({ ...movement, amount: BigInt(movement.amount) })) };
}

const movementsOf = ({ postings }: NewTransaction): Movement[] =>
  postings.map(({ debit, credit, amount }) => ({ debit: debit.name, credit: credit.name, amount }));

function isSame({ kind, currency, movements }: EarlierTransaction, wanted: KeyedTransaction): boolean {
  return kind === wanted.kind && currency === wanted.currency && said(movements) === said(movementsOf(wanted));
}

function keyTaken(earlier: EarlierTransaction, { idempotencyKey, kind }: KeyedTransaction): RequestFailure {
  const nameOf = (kind: string) => kind.replaceAll('_', '-');
  const total = earlier.movements.reduce((sum, { amount }) => sum + amount, 0n);
  const what = `a ${nameOf(earlier.kind)} of ${formatAmount(total)} ${earlier.currency} (${said(earlier.movements)})`;
  return new RequestFailure(
    'conflict',
    `Idempotency key "${idempotencyKey}" already stands for ${what}: another ${nameOf(kind)} needs another key.`,
  );
}

const said = (movements: readonly Movement[]) =>
  movements
    .map(({ debit, credit, amount }) => `${debit} → ${credit} ${formatAmount(amount)}`)
    .toSorted()
    .join(', ');
