import type { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { hashKey } from '#config/key-hash.js';
import { last4, newSecret } from '../access/new-secret.js';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { ApiError } from '../errors/api-error.js';
import { insertRow } from '../lists/insert-row.js';
import { Project } from '../organisations/project.entity.js';
import type { KeyDirectory } from './key-directory.js';
import { readKeyEntries } from './read-directory.js';
import { relaysNotTold } from './relays-not-told.js';
import { showKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';
import { writeRevocation } from './write-revocation.js';

export interface KeyPorts {
  readonly source: DataSource;
  readonly directory: Pick<KeyDirectory, 'tell'>;
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
export async function issueKey({ source, directory, pepper }: KeyPorts, request: KeyRequest, act: Act) {
  const { organisationId, projectId, id = uuidv7(), name = null, expiresAt } = request;
  if (!(await source.getRepository(Project).existsBy({ organisationId, id: projectId }))) {
    throw new ApiError(400, 'project_unknown', `This organisation has no project "${projectId}".`, {
      param: 'projectId',
    });
  }
  const secret = newSecret('tg');
  const hash = hashKey(secret, pepper);
  const expires = expiresAt === undefined ? null : new Date(expiresAt);
  const row = { organisationId, id, projectId, name, hash, last4: last4(secret), expiresAt: expires, revokedAt: null };
  const key = await source.transaction(async (db) => {
    const inserted = await insertRow(db.getRepository(VirtualKey), row, {
      virtual_key_pkey: () => new ApiError(409, 'id_taken', `There is a key "${id}" already.`, { param: 'id' }),
    });
    await recordChange(db, act, { organisationId, target: { key: id }, after: showKey(inserted) });
    return inserted;
  });
  try {
    await directory.tell(() => readKeyEntries(source, key));
  } catch (error) {
    await writeRevocation(source, key, act);
    const sentence = 'The relays could not be told of the key, so none was issued. Try again.';
    throw relaysNotTold(sentence, error);
  }
  return { key, secret };
}
