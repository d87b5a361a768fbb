import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { CreditGrant, listGrants } from '#contracts/requests/wallets.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';

export interface GrantRow {
  readonly org_id: string;
  readonly id: string;
  readonly currency: string;
  readonly priority: number;
  readonly valid_from: Date;
  readonly expires_at: Date | null;
  readonly wallet_id: string | null;
  readonly amount: string;
  readonly left: string;
  readonly expired: boolean;
  /** When what was left was posted back. */
  readonly ended_at: Date | null;
}

/**
 * With a space, which no key of a caller has. The expiries of a grant are numbered: a correction may give something back
 * to one that has ended.
 */
export const keysOfExpiry = (grant: string) => `grant-expiry ${grant} `;

/** Grants with what was given, what is left and whether they have ended, at the time $1. */
const grants = `
  SELECT g.org_id, g.id, g.currency, g.priority, g.valid_from, g.expires_at, g.wallet_id,
    given.amount, b.credits - b.debits AS left, coalesce(g.expires_at <= $1, false) AS expired, ended.effective_at AS ended_at
  FROM credit_grant g
  JOIN posting given ON given.transaction_id = g.transaction_id
  JOIN balance b ON b.account_id = given.credit_account
  LEFT JOIN transaction ended
    ON ended.org_id = g.org_id AND ended.idempotency_key = 'grant-expiry ' || g.id || ' 1'`;

/** An organisation's grants by id, with what is left of each. */
export async function readGrants(
  source: DataSource,
  request: z.infer<typeof listGrants.request>,
): Promise<z.infer<typeof listGrants.reply>> {
  const size = pageSize(request);
  const rows = await source.query<GrantRow[]>(
    `${grants} WHERE g.org_id = $2 AND ($3::text IS NULL OR g.id > $3) ORDER BY g.id LIMIT $4`,
    [new Date(), request.orgId, ...cursorOf(request, 1), size + 1],
  );
  return toPage(rows, size, (row) => [row.id], toGrant);
}

export async function findGrant(db: EntityManager, orgId: string, id: string): Promise<GrantRow | undefined> {
  const [row] = await db.query<GrantRow[]>(`${grants} WHERE (g.org_id, g.id) = ($2, $3)`, [new Date(), orgId, id]);
  return row;
}

export async function findGrantOfTransaction(db: EntityManager, transactionId: string): Promise<GrantRow | undefined> {
  const [row] = await db.query<GrantRow[]>(`${grants} WHERE g.transaction_id = $2`, [new Date(), transactionId]);
  return row;
}

/** Grants that have ended by `now` and still have something left, those that ended first before others. */
export function findEnded(db: EntityManager, now: Date, limit: number): Promise<GrantRow[]> {
  return db.query<GrantRow[]>(
    `${grants} JOIN open_grant o ON (o.org_id, o.id) = (g.org_id, g.id)
     WHERE o.ends_at <= $1 ORDER BY o.ends_at, g.org_id, g.id LIMIT $2`,
    [now, limit],
  );
}

export function toGrant(row: GrantRow): CreditGrant {
  const revoked = row.ended_at !== null && (row.expires_at === null || row.ended_at < row.expires_at);
  return {
    orgId: row.org_id,
    id: row.id,
    currency: row.currency,
    amount: formatAmount(BigInt(row.amount)),
    left: formatAmount(BigInt(row.left)),
    priority: row.priority,
    validFrom: row.valid_from.toISOString(),
    ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
    ...(row.wallet_id === null ? {} : { wallet: row.wallet_id }),
    status: revoked ? 'revoked' : row.expired ? 'expired' : 'active',
  };
}
