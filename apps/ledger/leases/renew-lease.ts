import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { type Admission, decideAdmission, keepOf } from '#accounting/decide-admission.js';
import type { LimitName, renewLease } from '#contracts/requests/leases.js';
import { formatAmount } from '#money/pico.js';
import { answerOnce } from './answer-once.js';
import { extendedTo, findLease, heldAt, isExpired, type Lease } from './find-lease.js';
import { readLeast, readWanted } from './read-amount.js';
import { readLimits } from './read-limits.js';

type Request = z.infer<typeof renewLease.request>;

/** Extends a lease that still holds, and tops it up as far as its limits can bear. What has ended is not brought back. */
export async function prolongLease(source: DataSource, request: Request): Promise<z.infer<typeof renewLease.reply>> {
  const { orgId, leaseId, callId, ttlSeconds } = request;
  return answerOnce(source, { orgId, id: callId, request }, async (db, at) => {
    const lease = await findLease(db, orgId, leaseId);
    // Others may have been granted what it held.
    if (isExpired(lease, at)) return { status: 'ended' as const, reason: 'expired' as const };
    if (lease.settledAt !== null) return { status: 'ended' as const, reason: 'settled' as const };
    const { granted: added, limitedBy } = await admitMore(db, lease, { ...request, at });
    // What was used beyond the lease is not held: the addition comes on top of it.
    const base = lease.used > lease.amount && added > 0n ? lease.used : lease.amount;
    const renewed = { ...lease, amount: base + added, expiresAt: extendedTo(lease, at, ttlSeconds) };
    await db.query('UPDATE lease SET amount = $3, expires_at = $4 WHERE (org_id, id) = ($1, $2)', [
      ...[orgId, leaseId, renewed.amount.toString(), renewed.expiresAt],
    ]);
    return {
      status: 'renewed' as const,
      added: formatAmount(added),
      held: formatAmount(heldAt(renewed, at)),
      expiresAt: renewed.expiresAt.toISOString(),
      ...(limitedBy === undefined ? {} : { limitedBy: limitedBy.name }),
    };
  });
}

async function admitMore(
  db: EntityManager,
  lease: Lease,
  { at, amount, least }: Pick<Request, 'amount' | 'least'> & { readonly at: Date },
): Promise<Admission<LimitName>> {
  const { limits } = await readLimits(db, lease, at);
  if (amount === undefined) return keepOf(limits);
  const wanted = readWanted(amount);
  return decideAdmission(wanted, limits, readLeast(least, wanted));
}
