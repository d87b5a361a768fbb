import type { EntityManager } from 'typeorm';
import type { Act } from './act.js';

/**
 * changed: in the transaction that wrote this. Of a change in another app, asked: before it was asked for, so that a
 * crash leaves a trace; then done, refused, or failed: nobody knows whether it happened.
 */
export const stages = ['changed', 'asked', 'done', 'refused', 'failed'] as const;

export interface Change {
  /** Absent: it is about no single organisation. */
  readonly organisationId?: string | undefined;
  /** What it is about, as the path names it: `{ "key": "k1" }`. */
  readonly target: object;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Default: changed. */
  readonly stage?: (typeof stages)[number];
}

/** Writes an entry of the audit log. Its values are what the API shows, so no secret is among them. */
export async function recordChange(db: Pick<EntityManager, 'query'>, act: Act, change: Change): Promise<void> {
  const { organisationId = null, target, before, after, stage = 'changed' } = change;
  const { action, requestId, caller } = act;
  await db.query(
    `INSERT INTO audit_entry (request_id, actor, token_id, action, organisation_id, stage, target, before, after)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [requestId, caller?.scope ?? 'signature', caller?.tokenId ?? null, action, organisationId, stage].concat(
      [target, before, after].map((value) => (value === undefined ? null : JSON.stringify(value))),
    ),
  );
}
