import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { defaultWallet } from '#accounting/chart-of-accounts.js';
import type { openWallet, WalletState } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { takeTurn } from '../post-transactions.js';
import { readWallet } from './read-wallets.js';

/** Opens a named wallet. The same again changes nothing. @throws RequestFailure `conflict` when the id is another wallet's. */
export async function openNamedWallet(
  source: DataSource,
  { orgId, id, currency, name }: z.infer<typeof openWallet.request>,
): Promise<WalletState> {
  if (id === defaultWallet) throw taken(id, 'it is there in every currency');
  return takeTurn(source, async (db) => {
    const [found] = await db.query<{ currency: string; name: string | null }[]>(
      'SELECT currency, name FROM wallet WHERE (org_id, id) = ($1, $2)',
      [orgId, id],
    );
    if (found === undefined) {
      await db.query('INSERT INTO wallet (org_id, id, currency, name) VALUES ($1, $2, $3, $4)', [
        ...[orgId, id, currency, name],
      ]);
    } else if (found.currency !== currency || found.name !== (name ?? null)) {
      throw taken(id, `it holds ${found.currency}${found.name === null ? '' : ` and is called "${found.name}"`}`);
    }
    return readWallet(db, { orgId, wallet: id, currency });
  });
}

const taken = (id: string, what: string) =>
  new RequestFailure('conflict', `There is a wallet "${id}" already, ${what}: choose another id.`);
