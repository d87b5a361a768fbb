import type { EntityManager } from 'typeorm';
import type { Pico } from '#money/pico.js';

/** A booked charge and what its adjustments have made of it. */
export interface BookedCharge {
  readonly orgId: string;
  readonly eventId: string;
  readonly status: 'charged' | 'suspended' | 'voided';
  readonly teamId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly provider: string;
  readonly effectiveAt: string;
  /** Of the transaction that posted it. Absent of a suspended one. */
  readonly transactionId?: string;
  /** As it stands now; absent as long as it has no price. */
  readonly price?: { readonly currency: string; readonly amount: Pico; readonly cost: Pico };
  readonly adjustments: number;
}

interface ChargeRow {
  readonly status: BookedCharge['status'];
  readonly team_id: string;
  readonly project_id: string;
  readonly key_id: string;
  readonly provider: string;
  readonly effective_at: Date;
  readonly transaction_id: string | null;
  readonly currency: string | null;
  readonly amount: string;
  readonly cost: string;
  readonly adjustments: number;
}

/** To be called in a turn: it holds until it commits. */
export async function findCharge(db: EntityManager, orgId: string, eventId: string): Promise<BookedCharge | undefined> {
  const [row] = await db.query<ChargeRow[]>(
    `SELECT c.status, c.team_id, c.project_id, c.key_id, c.provider, c.effective_at, c.transaction_id,
       coalesce(c.currency, a.currency) AS currency, coalesce(c.amount, 0) + coalesce(a.amount, 0) AS amount,
       coalesce(c.cost, 0) + coalesce(a.cost, 0) AS cost, coalesce(a.number, 0)::integer AS adjustments
     FROM charge_identity i
     JOIN charge c ON (c.org_id, c.event_id, c.effective_at) = (i.org_id, i.event_id, i.effective_at)
     LEFT JOIN LATERAL (
       SELECT min(currency) AS currency, sum(amount) AS amount, sum(cost) AS cost, max(number) AS number
       FROM adjustment WHERE (org_id, event_id) = (i.org_id, i.event_id)
     ) AS a ON true
     WHERE i.org_id = $1 AND i.event_id = $2`,
    [orgId, eventId],
  );
  if (row === undefined) return undefined;
  const { currency, transaction_id } = row;
  return {
    ...{ orgId, eventId, status: row.status, teamId: row.team_id, projectId: row.project_id, keyId: row.key_id },
    ...{ provider: row.provider, effectiveAt: row.effective_at.toISOString(), adjustments: row.adjustments },
    ...(transaction_id === null ? {} : { transactionId: transaction_id }),
    ...(currency === null ? {} : { price: { currency, amount: BigInt(row.amount), cost: BigInt(row.cost) } }),
  };
}
