import type { DataSource, EntityManager } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { postGrant } from '#accounting/posting-rules.js';
import type { CreditGrant, grantCredits } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { giveRow } from './find-wallet.js';
import { findByKey, postingsOf, postOnce } from './post-once.js';
import { findGrant, findGrantOfTransaction, toGrant } from './read-grants.js';

type Wanted = z.infer<typeof grantCredits.request>;

/**
 * Gives an organisation credits to use up, once per idempotency key.
 * @throws RequestFailure `invalid` for a time that makes no sense; `conflict` when the key or the id stands for another.
 */
export async function giveCredits(source: DataSource, wanted: Wanted): Promise<z.infer<typeof grantCredits.reply>> {
  const now = new Date();
  const validFrom = wanted.validFrom === undefined ? now : new Date(wanted.validFrom);
  const expiresAt = wanted.expiresAt === undefined ? undefined : new Date(wanted.expiresAt);
  return takeTurn(source, async (db) => {
    const earlier = await findByKey(db, wanted.orgId, wanted.idempotencyKey);
    if (earlier !== undefined) return { ...(await sameGrant(db, earlier.id, wanted)), repeated: true };
    refuseOddTimes(now, validFrom, expiresAt);
    const id = wanted.id ?? uuidv7();
    if ((await findGrant(db, wanted.orgId, id)) !== undefined) {
      throw new RequestFailure('conflict', `There is a grant "${id}" already: choose another id.`);
    }
    const { orgId, currency, wallet, idempotencyKey } = wanted;
    if (wallet !== undefined) await giveRow(db, { orgId, wallet, currency });
    const postings = postingsOf(wanted.amount, (pico) => postGrant(id, pico));
    const effectiveAt = validFrom.toISOString();
    const posted = await postOnce(db, { orgId, currency, kind: 'grant', idempotencyKey, effectiveAt, postings });
    await db.query(
      `INSERT INTO credit_grant (org_id, id, currency, priority, valid_from, expires_at, wallet_id, transaction_id)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [orgId, id, currency, wanted.priority, validFrom, expiresAt, wallet, posted.transactionId],
    );
    const granted = await findGrant(db, orgId, id);
    if (granted === undefined) throw new Error(`Grant ${id} of ${orgId} was written and is not there.`);
    return { ...toGrant(granted), repeated: false };
  });
}

function refuseOddTimes(now: Date, validFrom: Date, expiresAt: Date | undefined): void {
  if (validFrom > now) {
    throw new RequestFailure('invalid', 'A grant is in the books from its first day: give it when that has come.');
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    throw new RequestFailure('invalid', 'The grant would have expired already: its expiry must be in the future.');
  }
}

/** What an earlier request under the key gave. @throws RequestFailure `conflict` when it was something else. */
async function sameGrant(db: EntityManager, transactionId: string, wanted: Wanted): Promise<CreditGrant> {
  const row = await findGrantOfTransaction(db, transactionId);
  const grant = row && toGrant(row);
  const atSameTime = (given: string | undefined, asked: string | undefined) =>
    given === asked || (given !== undefined && asked !== undefined && Date.parse(given) === Date.parse(asked));
  if (
    grant !== undefined &&
    (wanted.id === undefined || wanted.id === grant.id) &&
    wanted.currency === grant.currency &&
    formatAmount(parseAmount(wanted.amount)) === grant.amount &&
    wanted.priority === grant.priority &&
    wanted.wallet === grant.wallet &&
    (wanted.validFrom === undefined || atSameTime(grant.validFrom, wanted.validFrom)) &&
    atSameTime(grant.expiresAt, wanted.expiresAt)
  ) {
    return grant;
  }
  const what = grant === undefined ? 'something that is no grant' : `grant "${grant.id}", which is another one`;
  throw new RequestFailure(
    'conflict',
    `Idempotency key "${wanted.idempotencyKey}" already stands for ${what}: another grant needs another key.`,
  );
}
