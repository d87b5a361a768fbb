import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { decideAdmission } from '#accounting/decide-admission.js';
import type { lease, LimitName } from '#contracts/requests/leases.js';
import { formatAmount } from '#money/pico.js';
import { answerOnce } from './answer-once.js';
import { readLeast, readWanted } from './read-amount.js';
import { readLimits } from './read-limits.js';

type Request = z.infer<typeof lease.request>;

/**
 * Holds for a relay as much of what it wants as the wallet and every hard budget on the path can bear. All leases are
 * granted in turns, so that any number of relays together never hold more than there is.
 * @throws RequestFailure `invalid` on an amount that is not above zero: a cost that is not known has to be held too.
 */
export async function grantLease(source: DataSource, request: Request): Promise<z.infer<typeof lease.reply>> {
  const wanted = readWanted(request.amount);
  const least = readLeast(request.least, wanted);
  return answerOnce(source, { orgId: request.orgId, id: request.leaseId, request }, async (db, at) => {
    const { wallet, limits } = await readLimits(db, request, at);
    const { granted, limitedBy } = decideAdmission(wanted, limits, least);
    const limit = limitedBy?.name;
    if (granted === 0n && limit !== undefined) {
      return { status: 'refused' as const, limit, reason: sayNothingLeft(limit, request) };
    }
    const expiresAt = new Date(at.getTime() + request.ttlSeconds * 1000);
    await db.query(
      `INSERT INTO lease (org_id, id, relay_id, wallet_id, team_id, project_id, key_id, currency, amount, granted_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
      [
        ...[request.orgId, request.leaseId, request.relayId, wallet, request.teamId, request.projectId],
        ...[request.keyId, request.currency, granted.toString(), at, expiresAt],
      ],
    );
    return {
      status: 'granted' as const,
      amount: formatAmount(granted),
      expiresAt: expiresAt.toISOString(),
      ...(limit === undefined ? {} : { limitedBy: limit }),
    };
  });
}

function sayNothingLeft(limit: LimitName, { currency }: Request): string {
  if (limit.kind === 'wallet') {
    return `Wallet "${limit.wallet}" has nothing left in ${currency} that is not spent or leased: top it up.`;
  }
  const until = limit.resetsAt === undefined ? 'it is raised' : limit.resetsAt;
  return `Budget "${limit.budgetId}" has nothing left in ${currency} that is not spent or leased, until ${until}.`;
}
