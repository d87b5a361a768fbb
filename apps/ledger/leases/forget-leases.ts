import type { DataSource } from 'typeorm';

/** Long after the last retry of a call and the last late charge of a lease. */
export const rememberLeasesMs = 7 * 86_400_000;

/** Deletes leases that expired long ago and the answers to old calls. Nothing counts on it: what has expired holds nothing. */
export async function forgetLeases(source: DataSource, now: Date): Promise<void> {
  const before = new Date(now.getTime() - rememberLeasesMs);
  await source.query('DELETE FROM lease WHERE expires_at < $1', [before]);
  // A lease and the call that asked for it go together: asked again, it would be granted twice.
  await source.query(
    `DELETE FROM lease_call c WHERE answered_at < $1
       AND NOT EXISTS (SELECT FROM lease l WHERE (l.org_id, l.id) = (c.org_id, c.id))`,
    [before],
  );
}
