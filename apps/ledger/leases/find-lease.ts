import type { EntityManager } from 'typeorm';
import { heldBy } from '#accounting/decide-admission.js';
import type { Spender } from '#accounting/sum-spending.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { Pico } from '#money/pico.js';

export interface Lease extends Spender {
  readonly id: string;
  readonly amount: Pico;
  readonly used: Pico;
  readonly expiresAt: Date;
  readonly settledAt: Date | null;
}

interface LeaseRow {
  readonly team_id: string;
  readonly project_id: string;
  readonly key_id: string;
  readonly currency: string;
  readonly amount: string;
  readonly used: string;
  readonly expires_at: Date;
  readonly settled_at: Date | null;
}

/** @throws RequestFailure `not_found` for a lease that was never granted, or is forgotten. */
export async function findLease(db: EntityManager, orgId: string, id: string): Promise<Lease> {
  const [row] = await db.query<LeaseRow[]>(
    `SELECT team_id, project_id, key_id, currency, amount, used, expires_at, settled_at
     FROM lease WHERE (org_id, id) = ($1, $2)`,
    [orgId, id],
  );
  if (row === undefined) throw new RequestFailure('not_found', `There is no lease "${id}": ask for a new one.`);
  return {
    ...{ orgId, id, teamId: row.team_id, projectId: row.project_id, keyId: row.key_id, currency: row.currency },
    ...{ amount: BigInt(row.amount), used: BigInt(row.used), expiresAt: row.expires_at, settledAt: row.settled_at },
  };
}

export const isExpired = ({ expiresAt }: Lease, at: Date) => expiresAt <= at;

/** By time alone: a lease whose relay died holds nothing from its expiry on. */
export const heldAt = (lease: Lease, at: Date): Pico => (isExpired(lease, at) ? 0n : heldBy(lease.amount, lease.used));

/** At least so long from now, and never shorter than it was. */
export const extendedTo = ({ expiresAt }: Lease, at: Date, ttlSeconds: number): Date =>
  new Date(Math.max(expiresAt.getTime(), at.getTime() + ttlSeconds * 1000));
