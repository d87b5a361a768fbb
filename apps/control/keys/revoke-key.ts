import { type DataSource, IsNull } from 'typeorm';
import { ApiError, notFound } from '../errors/api-error.js';
import { Project } from '../organisations/project.entity.js';
import type { KeyDirectory } from './key-directory.js';
import { directoryKeyOf } from './read-directory-keys.js';
import { VirtualKey } from './virtual-key.entity.js';

interface Ports {
  readonly source: DataSource;
  readonly directory: Pick<KeyDirectory, 'revoke'>;
}

/**
 * Revokes a key. When this resolves it is so in the directory that the relays watch; revoking again tells them again.
 * @throws ApiError 503 when they could not be told: the revocation stands, and they are told as soon as possible.
 */
export async function revokeKey({ source, directory }: Ports, organisationId: string, id: string): Promise<VirtualKey> {
  const keys = source.getRepository(VirtualKey);
  await keys.update({ organisationId, id, revokedAt: IsNull() }, { revokedAt: new Date() });
  const key = await keys.findOneBy({ organisationId, id });
  if (key === null) throw notFound('key', id);
  const { teamId } = await source.getRepository(Project).findOneByOrFail({ organisationId, id: key.projectId });
  try {
    await directory.revoke(key.hash, directoryKeyOf({ ...key, teamId }));
  } catch (error) {
    throw new ApiError(
      503,
      'relays_not_told',
      `Key "${id}" is revoked in the records, but the relays could not be told: they refuse it once NATS is back. Repeat this call to be sure.`,
      { cause: error, retryAfterSeconds: 5 },
    );
  }
  return key;
}
