import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { postTransfer } from '#accounting/posting-rules.js';
import type { transfer } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { readFreeMoney } from '../leases/read-limits.js';
import { takeTurn } from '../post-transactions.js';
import { requireWallet, type WalletName } from './find-wallet.js';
import { postingsOf, postOnce } from './post-once.js';
import { readWallet } from './read-wallets.js';

/** Moves money between two wallets of an organisation, once per idempotency key, and no more than is there and not leased. */
export async function transferMoney(
  source: DataSource,
  request: z.infer<typeof transfer.request>,
): Promise<z.infer<typeof transfer.reply>> {
  const { orgId, from, to, currency, amount, idempotencyKey } = request;
  const postings = postingsOf(amount, (pico) => postTransfer(from, to, pico));
  const giving = { orgId, wallet: from, currency };
  return takeTurn(source, async (db) => {
    const wanted = { orgId, currency, idempotencyKey, kind: 'transfer' as const, postings };
    const posted = await postOnce(db, { ...wanted, effectiveAt: new Date().toISOString() }, async () => {
      await requireWallet(db, giving);
      await requireWallet(db, { ...giving, wallet: to });
      await requireMoney(db, giving, amount);
    });
    return { ...posted, balance: (await readWallet(db, giving)).balance };
  });
}

/**
 * @throws RequestFailure `conflict` when the wallet's own money is less, or leases hold too much of it: credits can neither
 * be moved nor paid out, and what a relay was promised stays.
 */
export async function requireMoney(db: EntityManager, named: WalletName, amount: string): Promise<void> {
  const { money } = await readWallet(db, named);
  const has = `Wallet "${named.wallet}" has ${money} ${named.currency} of its own money`;
  if (parseAmount(money) < parseAmount(amount)) throw new RequestFailure('conflict', `${has}, less than ${amount}.`);
  const free = await readFreeMoney(db, named);
  if (free >= parseAmount(amount)) return;
  throw new RequestFailure(
    'conflict',
    `${has}, but open leases hold all but ${formatAmount(free)}: wait until they are settled or expire.`,
  );
}
