import type { EntityManager } from 'typeorm';
import type { Charge } from '../decide-booking.js';

/**
 * Takes booked charges off the holds of the leases that they were admitted under. To be called in the turn that books
 * them: there is no moment in which an amount is both spent and held, or neither. A charge without a price takes nothing
 * off: unknown is not zero. Nor does one of another path or currency than its lease's.
 */
export async function useLeases(db: EntityManager, charges: readonly Charge[]): Promise<void> {
  const used = charges.flatMap(({ event: { org, data }, price }) =>
    price === undefined || data.leaseId === undefined ? [] : [{ org, ...data, leaseId: data.leaseId, ...price }],
  );
  if (used.length === 0) return;
  await db.query(
    `UPDATE lease l SET used = l.used + booked.amount
     FROM (
       SELECT org_id, id, team_id, project_id, key_id, currency, sum(amount) AS amount
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::numeric[])
         AS charge (org_id, id, team_id, project_id, key_id, currency, amount)
       GROUP BY org_id, id, team_id, project_id, key_id, currency
     ) AS booked
     WHERE (l.org_id, l.id, l.team_id, l.project_id, l.key_id, l.currency)
       = (booked.org_id, booked.id, booked.team_id, booked.project_id, booked.key_id, booked.currency)`,
    [
      used.map(({ org }) => org),
      used.map(({ leaseId }) => leaseId),
      used.map(({ teamId }) => teamId),
      used.map(({ projectId }) => projectId),
      used.map(({ keyId }) => keyId),
      used.map(({ currency }) => currency),
      used.map(({ amount }) => amount.toString()),
    ],
  );
}
