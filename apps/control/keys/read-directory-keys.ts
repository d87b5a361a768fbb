import type { DataSource } from 'typeorm';
import { directoryEntryName, type DirectoryKey } from '#contracts/directory.js';
import type { VirtualKey } from './virtual-key.entity.js';

type KeyOfTeam = Omit<VirtualKey, 'name' | 'last4' | 'createdAt'> & { readonly teamId: string };

/** What the relays should know of a key. Always written through here, so that equal keys are equal text. */
export function directoryKeyOf(key: Omit<KeyOfTeam, 'hash'>): DirectoryKey {
  return {
    keyId: key.id,
    orgId: key.organisationId,
    teamId: key.teamId,
    projectId: key.projectId,
    status: key.revokedAt === null ? 'active' : 'revoked',
    ...(key.expiresAt === null ? {} : { expiresAt: key.expiresAt.toISOString() }),
  };
}

/** The whole directory as the table has it: entry name → key. */
export async function readDirectoryKeys(source: DataSource): Promise<ReadonlyMap<string, DirectoryKey>> {
  const keys = await source.query<KeyOfTeam[]>(
    `SELECT key.id, key.organisation_id "organisationId", project.team_id "teamId", key.project_id "projectId",
            key.hash, key.expires_at "expiresAt", key.revoked_at "revokedAt"
       FROM virtual_key key
       JOIN project ON project.organisation_id = key.organisation_id AND project.id = key.project_id`,
  );
  return new Map(keys.map((key) => [directoryEntryName(key.hash), directoryKeyOf(key)]));
}
