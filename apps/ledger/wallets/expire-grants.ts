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
  // Nearly always there is none, and nobody has to wait for that to be found.
  if ((await findEnded(source.manager, now, 1)).length === 0) return 0;
  const expired = await takeTurn(source, async (db) => {
    const ended = await findEnded(db, now, maxExpiriesPerTurn);
    await postTransactions(db, await expiriesOf(db, ended, now));
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
    await postTransactions(db, await expiriesOf(db, [grant], new Date()));
    return toGrant(await requireGrant(db, orgId, id));
  });
}

async function requireGrant(db: EntityManager, orgId: string, id: string): Promise<GrantRow> {
  const grant = await findGrant(db, orgId, id);
  if (grant === undefined) throw new RequestFailure('not_found', `There is no grant "${id}".`);
  return grant;
}

/** The transactions that end these grants: when they ended already, as of then, and otherwise as of `now`. */
async function expiriesOf(db: EntityManager, grants: readonly GrantRow[], now: Date): Promise<NewTransaction[]> {
  // A key ends in a space and a number, so that "!", which follows the space, is beyond all of them.
  const counted = await db.query<{ count: string }[]>(
    `SELECT (SELECT count(*) FROM transaction t WHERE t.org_id = g.org_id
       AND t.idempotency_key >= g.keys AND t.idempotency_key < rtrim(g.keys) || '!') AS count
     FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g (org_id, keys, place) ORDER BY place`,
    [grants.map((grant) => grant.org_id), grants.map((grant) => keysOfExpiry(grant.id))],
  );
  return grants.map((grant, index) => {
    const left = BigInt(grant.left);
    return {
      orgId: grant.org_id,
      currency: grant.currency,
      kind: 'grant_expiry',
      idempotencyKey: `${keysOfExpiry(grant.id)}${Number(counted[index]?.count ?? 0) + 1}`,
      effectiveAt: (grant.ended_at ?? (grant.expired ? grant.expires_at : null) ?? now).toISOString(),
      // A grant that is used up ends too, and moves nothing.
      postings: left > 0n ? postGrantExpiry(grant.id, left) : [],
    };
  });
}
