import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { LeaseState, listLeases } from '#contracts/requests/leases.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';

interface LeaseRow {
  readonly org_id: string;
  readonly id: string;
  readonly relay_id: string;
  readonly wallet_id: string;
  readonly team_id: string;
  readonly project_id: string;
  readonly key_id: string;
  readonly currency: string;
  readonly amount: string;
  readonly used: string;
  readonly held: string;
  readonly status: LeaseState['status'];
  readonly granted_at: Date;
  readonly expires_at: Date;
  readonly settled_at: Date | null;
}

/** An organisation's leases, newest first: those that hold something and those that have ended lately. */
export async function readLeases(
  source: DataSource,
  request: z.infer<typeof listLeases.request>,
): Promise<z.infer<typeof listLeases.reply>> {
  const size = pageSize(request);
  const rows = await source.query<LeaseRow[]>(
    `SELECT org_id, id, relay_id, wallet_id, team_id, project_id, key_id, currency, amount, used,
       CASE WHEN expires_at > now() THEN greatest(amount - used, 0) ELSE 0 END AS held,
       CASE WHEN settled_at IS NOT NULL THEN 'settled' WHEN expires_at > now() THEN 'open' ELSE 'expired' END AS status,
       granted_at, expires_at, settled_at
     FROM lease
     WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (granted_at, id) < ($2, $3))
     ORDER BY granted_at DESC, id DESC LIMIT $4`,
    [request.orgId, ...cursorOf(request, 2), size + 1],
  );
  return toPage(rows, size, (row) => [row.granted_at.toISOString(), row.id], toState);
}

function toState(row: LeaseRow): LeaseState {
  return {
    orgId: row.org_id,
    id: row.id,
    relayId: row.relay_id,
    wallet: row.wallet_id,
    teamId: row.team_id,
    projectId: row.project_id,
    keyId: row.key_id,
    currency: row.currency,
    amount: formatAmount(BigInt(row.amount)),
    used: formatAmount(BigInt(row.used)),
    held: formatAmount(BigInt(row.held)),
    status: row.status,
    grantedAt: row.granted_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    ...(row.settled_at === null ? {} : { settledAt: row.settled_at.toISOString() }),
  };
}
