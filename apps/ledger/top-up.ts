import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import { postTopUp } from '#accounting/posting-rules.js';
import type { topUp } from '#contracts/requests/wallets.js';
import { takeTurn } from './post-transactions.js';
import { requireWallet } from './wallets/find-wallet.js';
import { postingsOf, postOnce } from './wallets/post-once.js';
import { readWallet } from './wallets/read-wallets.js';

/**
 * Credits a wallet once per idempotency key, for ever: the same top-up again is answered with the same transaction.
 * @throws RequestFailure `invalid` on an amount that is not above zero; `not_found` for a wallet that nobody opened;
 * `conflict` when the key stands for another one.
 */
export async function topUpWallet(
  source: DataSource,
  { amount, wallet = defaultWallet, ...request }: z.infer<typeof topUp.request>,
): Promise<z.infer<typeof topUp.reply>> {
  const postings = postingsOf(amount, (pico) => postTopUp(wallet, pico));
  const named = { orgId: request.orgId, wallet, currency: request.currency };
  return takeTurn(source, async (db) => {
    const wanted = { ...request, kind: 'top_up' as const, effectiveAt: new Date().toISOString(), postings };
    const posted = await postOnce(db, wanted, () => requireWallet(db, named));
    return { ...posted, balance: (await readWallet(db, named)).balance };
  });
}
