import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { postGrantExpiry } from '#accounting/posting-rules.js';
import type { CreditGrant, revokeGrant } from '#contracts/requests/wallets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { type NewTransaction, postTransactions, takeTurn } from '../post-transactions.js';
import { findEnded, findGrant, type GrantRow, keysOfExpiry, toGrant } from './read-grants.js';

/** One turn posts back this many, so that charges need not wait long for theirs. */
const maxExpiriesPerTurn = 500;

/**
 * Posts back what is left of grants that have expired by `now`. Usage that happened before the expiry and is booked after
 * this is paid by its wallet: the grant has nothing left.
 * @returns how many grants gave something back.
 */
export async function expireGrants(source: DataSource, now: Date): Promise<number> {
  const expired = await takeTurn(source, async (db) => {
    const ended = await findEnded(db, now, maxExpiriesPerTurn);
    const transactions = [];
    for (const grant of ended) transactions.push(await expiryOf(db, grant, grant.ended_at ?? grant.expires_at ?? now));
    await postTransactions(db, transactions);
    return ended.length;
  });
  return expired < maxExpiriesPerTurn ? expired : expired + (await expireGrants(source, now));
}

/** Ends a grant now. One that has expired or was revoked stays as it is. */
export async function endGrant(
  source: DataSource,
  { orgId, id }: z.infer<typeof revokeGrant.request>,
): Promise<CreditGrant> {
  return takeTurn(source, async (db) => {
    const grant = await requireGrant(db, orgId, id);
    if (grant.expired || grant.ended_at !== null) return toGrant(grant);
    await postTransactions(db, [await expiryOf(db, grant, new Date())]);
    return toGrant(await requireGrant(db, orgId, id));
  });
}

async function requireGrant(db: EntityManager, orgId: string, id: string): Promise<GrantRow> {
  const grant = await findGrant(db, orgId, id);
  if (grant === undefined) throw new RequestFailure('not_found', `There is no grant "${id}".`);
  return grant;
}

async function expiryOf(db: EntityManager, grant: GrantRow, endedAt: Date): Promise<NewTransaction> {
  const keys = keysOfExpiry(grant.id);
  const [row] = await db.query<{ count: string }[]>(
    'SELECT count(*) FROM transaction WHERE org_id = $1 AND starts_with(idempotency_key, $2)',
    [grant.org_id, keys],
  );
  const left = BigInt(grant.left);
  return {
    orgId: grant.org_id,
    currency: grant.currency,
    kind: 'grant_expiry',
    idempotencyKey: `${keys}${Number(row?.count ?? 0) + 1}`,
    effectiveAt: endedAt.toISOString(),
    // A grant that is used up ends too, and moves nothing.
    postings: left > 0n ? postGrantExpiry(grant.id, left) : [],
  };
}
