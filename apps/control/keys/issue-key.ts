import type { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { hashKey } from '#config/key-hash.js';
import { last4, newSecret } from '../access/new-secret.js';
import { ApiError } from '../errors/api-error.js';
import { insertRow } from '../lists/insert-row.js';
import { Project } from '../organisations/project.entity.js';
import type { KeyDirectory } from './key-directory.js';
import { directoryKeyOf } from './read-directory-keys.js';
import { VirtualKey } from './virtual-key.entity.js';

interface Ports {
  readonly source: DataSource;
  readonly directory: Pick<KeyDirectory, 'announce'>;
  readonly pepper: string;
}

interface KeyRequest {
  readonly organisationId: string;
  readonly projectId: string;
  readonly id?: string;
  readonly name?: string;
  readonly expiresAt?: string;
}

/**
 * Issues a key. When this resolves it is in the directory that the relays watch. Its text is in the answer and nowhere else.
 * @throws ApiError 503 when they could not be told. Nothing usable remains then: the row is revoked, and nobody has
 * ever seen the key.
 */
export async function issueKey({ source, directory, pepper }: Ports, request: KeyRequest) {
  const { organisationId, projectId, id = uuidv7(), name = null, expiresAt } = request;
  const project = await source.getRepository(Project).findOneBy({ organisationId, id: projectId });
  if (project === null) {
    throw new ApiError(400, 'project_unknown', `This organisation has no project "${projectId}".`, {
      param: 'projectId',
    });
  }
  const secret = newSecret('tg');
  const hash = hashKey(secret, pepper);
  const keys = source.getRepository(VirtualKey);
  const expires = expiresAt === undefined ? null : new Date(expiresAt);
  const row = { organisationId, id, projectId, name, hash, last4: last4(secret), expiresAt: expires, revokedAt: null };
  const key = await insertRow(keys, row, {
    virtual_key_pkey: () => new ApiError(409, 'id_taken', `There is a key "${id}" already.`, { param: 'id' }),
  });
  try {
    await directory.announce(hash, directoryKeyOf({ ...key, teamId: project.teamId }));
  } catch (error) {
    await keys.update({ organisationId, id }, { revokedAt: new Date() });
    throw new ApiError(
      503,
      'relays_not_told',
      'The relays could not be told of the key, so none was issued. Try again.',
      {
        cause: error,
        retryAfterSeconds: 5,
      },
    );
  }
  return { key, secret };
}
