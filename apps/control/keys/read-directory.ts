import type { DataSource } from 'typeorm';
import { directoryEntryName, type DirectoryKey, type Policy, policyEntryNames } from '#contracts/directory.js';

/** What the relays should know, by the name of the entry. It always comes from here, so that the same is the same text. */
export type DirectoryEntries = ReadonlyMap<string, DirectoryKey | Policy>;

interface SecretRow {
  readonly hash: string;
  readonly id: string;
  readonly organisationId: string;
  readonly teamId: string;
  readonly projectId: string;
  readonly policy: Policy | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

interface PolicyRow {
  readonly level: keyof typeof policyEntryNames;
  readonly organisationId: string;
  readonly id: string;
  readonly policy: Policy;
}

/** The whole directory as the tables have it. */
export async function readDirectory(source: DataSource): Promise<DirectoryEntries> {
  return new Map([...(await readKeyEntries(source)), ...(await readPolicyEntries(source))]);
}

/** An entry for each secret that a key has: the one that it shows, and those that are retired and still valid. */
export async function readKeyEntries(
  source: DataSource,
  key?: { readonly organisationId: string; readonly id: string },
): Promise<DirectoryEntries> {
  const secrets = await source.query<SecretRow[]>(
    `SELECT secret.hash, key.id, key.organisation_id "organisationId", project.team_id "teamId",
            key.project_id "projectId", key.policy, key.revoked_at "revokedAt",
            -- The earlier of the two; the absent one counts for nothing.
            LEAST(key.expires_at, secret.valid_until) "expiresAt"
       FROM virtual_key key
       JOIN project ON project.organisation_id = key.organisation_id AND project.id = key.project_id
       JOIN LATERAL (
         SELECT key.hash, NULL::timestamptz valid_until
         UNION ALL
         SELECT retired.hash, retired.valid_until
           FROM retired_secret retired
          WHERE retired.organisation_id = key.organisation_id AND retired.key_id = key.id
            AND retired.valid_until > now()
       ) secret ON true
      WHERE ($1::text IS NULL OR key.organisation_id = $1) AND ($2::text IS NULL OR key.id = $2)`,
    [key?.organisationId ?? null, key?.id ?? null],
  );
  return new Map(secrets.map((secret) => [directoryEntryName(secret.hash), directoryKeyOf(secret)]));
}

function directoryKeyOf({ policy, expiresAt, revokedAt, ...key }: SecretRow): DirectoryKey {
  return {
    keyId: key.id,
    orgId: key.organisationId,
    teamId: key.teamId,
    projectId: key.projectId,
    status: revokedAt === null ? 'active' : 'revoked',
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(policy === null ? {} : { policy }),
  };
}

/** The policies above the keys' own. */
export async function readPolicyEntries(source: DataSource, organisationId?: string): Promise<DirectoryEntries> {
  const rows = await source.query<PolicyRow[]>(
    `SELECT * FROM (
       SELECT 'organisation' level, id "organisationId", id, policy FROM organisation
       UNION ALL SELECT 'team', organisation_id, id, policy FROM team
       UNION ALL SELECT 'project', organisation_id, id, policy FROM project
     ) level
     WHERE policy IS NOT NULL AND ($1::text IS NULL OR "organisationId" = $1)`,
    [organisationId ?? null],
  );
  return new Map(rows.map((row) => [entryNameOf(row), row.policy]));
}

export function entryNameOf({ level, organisationId, id }: Omit<PolicyRow, 'policy'>): string {
  return policyEntryNames[level]({ orgId: organisationId, teamId: id, projectId: id });
}
