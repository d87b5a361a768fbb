import type { EntityManager } from 'typeorm';
import { allocateUsage, type Grant, inOrderOfUse, type PricedUsage } from '#accounting/allocate-usage.js';
import { type AccountKind, customerCredits } from '#accounting/chart-of-accounts.js';
import type { Payment } from '#accounting/correct-charge.js';
import type { Posting } from '#accounting/posting-rules.js';
import type { Pico } from '#money/pico.js';
import type { Payers } from '../wallets/read-payers.js';
import type { BookedCharge } from './find-charge.js';

const isCredits = ({ account }: Payment) => account.name.startsWith('customer-credits:');

/**
 * Who has paid a charge as it stands. A batch is posted as one, so what the charge had of it is found by allocating the
 * batch once more with what each grant gave to it; then come the corrections, which are of one charge each.
 */
export async function readPayments(db: EntityManager, charge: BookedCharge, payers: Payers): Promise<Payment[]> {
  const corrections = await readRevenue(db, await correctionsOf(db, charge));
  const original = charge.transactionId === undefined ? [] : await originalPayments(db, charge, payers);
  const payments = new Map<string, Payment>();
  for (const { account, amount } of [...original, ...corrections]) {
    const before = payments.get(account.name)?.amount ?? 0n;
    payments.set(account.name, { account, amount: before + amount });
  }
  return inOrderTaken(
    db,
    charge,
    [...payments.values()].filter(({ amount }) => amount !== 0n),
  );
}

/** Grants in the order of their use, then wallets. */
async function inOrderTaken(db: EntityManager, charge: BookedCharge, payments: readonly Payment[]): Promise<Payment[]> {
  const grants = (await readGrants(db, charge, payments)).toSorted(inOrderOfUse);
  const places = new Map(grants.map(({ id }, place) => [customerCredits(id).name, place]));
  const placeOf = ({ account }: Payment) => places.get(account.name) ?? grants.length;
  return payments.toSorted((a, b) => placeOf(a) - placeOf(b));
}

async function originalPayments(db: EntityManager, charge: BookedCharge, payers: Payers): Promise<Payment[]> {
  const batch = await readBatch(db, charge);
  const paid = await readRevenue(db, [charge.transactionId ?? '']);
  const grants = await readGrants(db, charge, paid);
  const walletOf = ({ data }: BatchCharge) => payers.walletOf(data);
  const allocate = (charges: readonly BatchCharge[]) => allocateUsage(charges, grants, walletOf).postings;
  const upTo = batch.findIndex(({ eventId }) => eventId === charge.eventId);
  if (said(totals(allocate(batch))) !== said(paid)) return paidInFull(batch[upTo]?.amount ?? 0n, paid);
  const [before, after] = [totals(allocate(batch.slice(0, upTo))), totals(allocate(batch.slice(0, upTo + 1)))];
  return after.map(({ account, amount }) => {
    const earlier = before.find((payment) => payment.account.name === account.name)?.amount ?? 0n;
    return { account, amount: amount - earlier };
  });
}

/**
 * Where the wallets were assigned otherwise then: whoever paid for the batch, wallets first, up to what the charge was at
 * first. What it was corrected to since comes on top.
 */
function paidInFull(amountAtFirst: Pico, paid: readonly Payment[]): Payment[] {
  let unpaid = amountAtFirst;
  return [...paid.filter((payment) => !isCredits(payment)), ...paid.filter(isCredits)].map(({ account, amount }) => {
    const own = amount < unpaid ? amount : unpaid;
    unpaid -= own;
    return { account, amount: own };
  });
}

interface BatchCharge extends PricedUsage {
  readonly data: { readonly teamId: string; readonly projectId: string };
}

/** In the order in which they were allocated. */
async function readBatch(db: EntityManager, { transactionId }: BookedCharge): Promise<BatchCharge[]> {
  const rows = await db.query<
    { event_id: string; provider: string; amount: string; effective_at: Date; team_id: string; project_id: string }[]
  >(
    `SELECT event_id, provider, amount, effective_at, team_id, project_id FROM charge WHERE transaction_id = $1
     ORDER BY date_trunc('milliseconds', effective_at), event_id`,
    [transactionId],
  );
  return rows.map((row) => ({
    ...{ eventId: row.event_id, provider: row.provider, amount: BigInt(row.amount) },
    effectiveAtMs: row.effective_at.getTime(),
    data: { teamId: row.team_id, projectId: row.project_id },
  }));
}

/** The grants that paid for the batch, each with as much left as it paid. */
async function readGrants(db: EntityManager, charge: BookedCharge, paid: readonly Payment[]): Promise<Grant[]> {
  const left = new Map(paid.filter(isCredits).map(({ account, amount }) => [account.name.split(':')[1] ?? '', amount]));
  const rows = await db.query<
    { id: string; priority: number; valid_from: Date; expires_at: Date | null; wallet_id: string | null }[]
  >(
    `SELECT id, priority, valid_from, expires_at, wallet_id FROM credit_grant WHERE org_id = $1 AND id = ANY($2::text[])`,
    [charge.orgId, [...left.keys()]],
  );
  return rows.map(({ id, priority, valid_from, expires_at, wallet_id }) => ({
    ...{ id, left: left.get(id) ?? 0n, priority, validFromMs: valid_from.getTime() },
    ...(expires_at === null ? {} : { expiresAtMs: expires_at.getTime() }),
    ...(wallet_id === null ? {} : { wallet: wallet_id }),
  }));
}

async function correctionsOf(db: EntityManager, { orgId, eventId }: BookedCharge): Promise<string[]> {
  const rows = await db.query<{ transaction_id: string }[]>(
    'SELECT transaction_id FROM adjustment WHERE org_id = $1 AND event_id = $2',
    [orgId, eventId],
  );
  return rows.map((row) => row.transaction_id);
}

/** What each account paid into usage revenue by these transactions, in all. */
async function readRevenue(db: EntityManager, transactionIds: readonly string[]): Promise<Payment[]> {
  const rows = await db.query<{ name: string; kind: AccountKind; amount: string }[]>(
    `SELECT payer.name, payer.kind, sum(CASE payer.id WHEN p.debit_account THEN p.amount ELSE -p.amount END) AS amount
     FROM posting p
     JOIN account debit ON debit.id = p.debit_account JOIN account credit ON credit.id = p.credit_account
     JOIN account payer ON payer.id = CASE WHEN credit.name LIKE 'usage-revenue:%' THEN debit.id ELSE credit.id END
     WHERE p.transaction_id = ANY($1::bigint[])
       AND (credit.name LIKE 'usage-revenue:%' OR debit.name LIKE 'usage-revenue:%')
     GROUP BY payer.name, payer.kind`,
    [transactionIds],
  );
  return rows.map(({ name, kind, amount }) => ({ account: { name, kind }, amount: BigInt(amount) }));
}

function totals(postings: readonly Posting[]): Payment[] {
  const payments = new Map<string, Payment>();
  for (const { debit: account, amount } of postings) {
    payments.set(account.name, { account, amount: (payments.get(account.name)?.amount ?? 0n) + amount });
  }
  return [...payments.values()];
}

const said = (payments: readonly Payment[]) =>
  payments
    .map(({ account, amount }) => `${account.name} ${amount}`)
    .toSorted()
    .join(', ');
