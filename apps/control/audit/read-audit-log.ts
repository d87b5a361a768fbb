import type { DataSource } from 'typeorm';
import { type List, list } from '../lists/list.js';
import type { AuditEntry } from './fields.js';

export interface AuditQuestion {
  /** Left out: of all organisations, and of none. */
  readonly organisationId?: string;
  readonly action?: string;
  readonly limit: number;
  /** The id of the entry before which the page begins. */
  readonly after?: string;
}

interface Row extends Omit<AuditEntry, 'at' | 'organisationId' | 'tokenId' | 'before' | 'after'> {
  readonly at: Date;
  readonly organisationId: string | null;
  readonly tokenId: string | null;
  readonly before: unknown;
  readonly after: unknown;
}

/** The newest first: an entry of a long transaction may come to stand behind ones that were read already. */
export async function readAuditLog(source: DataSource, question: AuditQuestion): Promise<List<AuditEntry>> {
  const { organisationId = null, action = null, limit, after = null } = question;
  const rows = await source.query<Row[]>(
    `SELECT id, at, request_id "requestId", actor, token_id "tokenId", action, organisation_id "organisationId",
            stage, target, before, after
       FROM audit_entry
      WHERE ($1::text IS NULL OR organisation_id = $1) AND ($2::text IS NULL OR action = $2)
        AND ($3::bigint IS NULL OR id < $3)
      ORDER BY id DESC
      LIMIT $4`,
    [organisationId, action, after, limit + 1],
  );
  const page = rows.slice(0, limit).map(show);
  return list(page, rows.length > limit ? page.at(-1)?.id : undefined);
}

function show({ at, organisationId, tokenId, before, after, ...entry }: Row): AuditEntry {
  return {
    ...entry,
    at: at.toISOString(),
    ...(tokenId === null ? {} : { tokenId }),
    ...(organisationId === null ? {} : { organisationId }),
    ...(before === null ? {} : { before }),
    ...(after === null ? {} : { after }),
  };
}
