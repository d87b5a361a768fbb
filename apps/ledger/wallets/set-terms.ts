import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { setWalletTerms, WalletState } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { parseAmount } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { giveRow } from './find-wallet.js';
import { readWallet } from './read-wallets.js';

/** From now on a wallet is prepaid or postpaid. The terms that it has already leave no new row. */
export async function setTerms(
  source: DataSource,
  { terms, ...named }: z.infer<typeof setWalletTerms.request>,
): Promise<WalletState> {
  const limit = terms.kind === 'postpaid' ? parseAmount(terms.creditLimit) : undefined;
  if (limit !== undefined && limit < 0n) throw new RequestFailure('invalid', 'A credit limit cannot be below zero.');
  const { orgId, wallet, currency } = named;
  return takeTurn(source, async (db) => {
    await giveRow(db, named);
    await db.query(
      `INSERT INTO wallet_terms (org_id, wallet_id, currency, kind, credit_limit)
       SELECT $1::text, $2::text, $3::text, $4::text, $5::numeric
       WHERE ROW($4::text, $5::numeric) IS DISTINCT FROM (
         SELECT ROW(kind, credit_limit::numeric) FROM wallet_terms
         WHERE (org_id, wallet_id, currency) = ($1::text, $2::text, $3::text) ORDER BY number DESC LIMIT 1)`,
      [orgId, wallet, currency, terms.kind, limit?.toString()],
    );
    return readWallet(db, named);
  });
}
