import { type DataSource, IsNull } from 'typeorm';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { notFound } from '../errors/api-error.js';
import type { KeyPorts } from './issue-key.js';
import { readKeyEntries } from './read-directory.js';
import { relaysNotTold } from './relays-not-told.js';
import { showKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';

type KeyId = Pick<VirtualKey, 'organisationId' | 'id'>;

/**
 * Revokes a key. When this resolves it is so in the directory that the relays watch; revoking again tells them again.
 * @throws ApiError 503 when they could not be told: the revocation stands, and they are told as soon as possible.
 */
export async function revokeKey(
  { source, directory }: Pick<KeyPorts, 'source' | 'directory'>,
  key: KeyId,
  act: Act,
): Promise<VirtualKey> {
  const revoked = await writeRevocation(source, key, act);
  const read = () => readKeyEntries(source, key);
  try {
    await directory.tell([...(await read()).keys()], read);
  } catch (error) {
    throw relaysNotTold(
      `Key "${key.id}" is revoked in the records, but the relays could not be told: they refuse it once NATS is back. Repeat this call to be sure.`,
      error,
    );
  }
  return revoked;
}

/** @throws not_found */
export function writeRevocation(source: DataSource, { organisationId, id }: KeyId, act: Act): Promise<VirtualKey> {
  return source.transaction(async (db) => {
    const keys = db.getRepository(VirtualKey);
    const before = await keys.findOne({ where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
    if (before === null) throw notFound('key', id);
    if (before.revokedAt !== null) return before;
    const after = { ...before, revokedAt: new Date() };
    await keys.update({ organisationId, id, revokedAt: IsNull() }, { revokedAt: after.revokedAt });
    await recordChange(db, act, {
      organisationId,
      target: { key: id },
      before: showKey(before),
      after: showKey(after),
    });
    return after;
  });
}
