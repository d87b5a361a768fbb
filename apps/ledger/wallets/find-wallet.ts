import type { EntityManager } from 'typeorm';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import { RequestFailure } from '#jetstream/request-failure.js';

export interface WalletName {
  readonly orgId: string;
  readonly wallet: string;
  readonly currency: string;
}

/**
 * @throws RequestFailure `not_found` for a wallet that nobody opened, `invalid` for one of another currency. The default
 * one is there in every currency.
 */
export async function requireWallet(db: EntityManager, { orgId, wallet, currency }: WalletName): Promise<void> {
  if (wallet === defaultWallet) return;
  const [found] = await db.query<{ currency: string }[]>('SELECT currency FROM wallet WHERE (org_id, id) = ($1, $2)', [
    orgId,
    wallet,
  ]);
  if (found === undefined) {
    throw new RequestFailure('not_found', `There is no wallet "${wallet}": open it, or use "${defaultWallet}".`);
  }
  if (found.currency !== currency) {
    throw new RequestFailure('invalid', `Wallet "${wallet}" holds ${found.currency}, not ${currency}.`);
  }
}

/** Rows that speak of a wallet need one of it: the default one gets its row when something is said about it. */
export async function giveRow(db: EntityManager, { orgId, wallet, currency }: WalletName): Promise<void> {
  await requireWallet(db, { orgId, wallet, currency });
  await db.query('INSERT INTO wallet (org_id, id, currency) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
    ...[orgId, wallet, currency],
  ]);
}
