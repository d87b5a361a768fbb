import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { settleLease } from '#contracts/requests/leases.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { answerOnce } from './answer-once.js';
import { extendedTo, findLease, heldAt, isExpired } from './find-lease.js';
import { readAmount } from './read-amount.js';

type Request = z.infer<typeof settleLease.request>;

/**
 * From now on a lease holds what its charges come to in all, less those that are booked. A total above what was granted is
 * held too: those charges are on their way, and refusing to count them would only let others overdraw.
 */
export async function settleHold(source: DataSource, request: Request): Promise<z.infer<typeof settleLease.reply>> {
  const { orgId, leaseId, callId, ttlSeconds = 0 } = request;
  const total = readAmount(request.total);
  if (total < 0n) throw new RequestFailure('invalid', `Charges cannot come to ${request.total}: 0 is none at all.`);
  return answerOnce(source, { orgId, id: callId, request }, async (db, at) => {
    const lease = await findLease(db, orgId, leaseId);
    const expiresAt = isExpired(lease, at) ? lease.expiresAt : extendedTo(lease, at, ttlSeconds);
    await db.query(
      `UPDATE lease SET amount = $3, expires_at = $4, settled_at = coalesce(settled_at, $5)
       WHERE (org_id, id) = ($1, $2)`,
      [orgId, leaseId, total.toString(), expiresAt, at],
    );
    const [before, held] = [heldAt(lease, at), heldAt({ ...lease, amount: total, expiresAt }, at)];
    return {
      released: formatAmount(before > held ? before - held : 0n),
      held: formatAmount(held),
      expiresAt: expiresAt.toISOString(),
    };
  });
}
