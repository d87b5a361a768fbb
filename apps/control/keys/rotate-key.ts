import { hashKey } from '#config/key-hash.js';
import { directoryEntryName } from '#contracts/directory.js';
import { last4, newSecret } from '../access/new-secret.js';
import type { Act } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { ApiError, notFound } from '../errors/api-error.js';
import type { KeyPorts } from './issue-key.js';
import { readKeyEntries } from './read-directory.js';
import { relaysNotTold } from './relays-not-told.js';
import { showKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';

interface Rotation {
  readonly organisationId: string;
  readonly id: string;
  /** Until when the secret that it had stays valid beside the new one. */
  readonly graceUntil: Date;
}

/**
 * Gives a key a new secret; usage, budgets and policies stay those of the key. When this resolves the relays are told.
 * @throws ApiError 503 when they could not be told: nobody has seen the new secret, and the old one ends at `graceUntil`.
 */
export async function rotateKey({ source, directory, pepper }: KeyPorts, rotation: Rotation, act: Act) {
  const { organisationId, id, graceUntil } = rotation;
  const secret = newSecret('tg');
  const hash = hashKey(secret, pepper);
  const { before, after } = await source.transaction(async (db) => {
    const keys = db.getRepository(VirtualKey);
    const before = await keys.findOne({ where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
    if (before === null) throw notFound('key', id);
    if (showKey(before).status !== 'active') {
      throw new ApiError(409, 'key_not_active', `Key "${id}" is revoked or has expired: issue another one.`);
    }
    const after = { ...before, hash, last4: last4(secret) };
    await db.query('INSERT INTO retired_secret (hash, organisation_id, key_id, valid_until) VALUES ($1, $2, $3, $4)', [
      before.hash,
      organisationId,
      id,
      graceUntil,
    ]);
    await keys.update({ organisationId, id }, { hash, last4: after.last4 });
    await recordChange(db, act, {
      organisationId,
      target: { key: id },
      before: showKey(before),
      after: { ...showKey(after), graceUntil: graceUntil.toISOString() },
    });
    return { before, after };
  });
  try {
    await directory.tell(() => readKeyEntries(source, rotation), [directoryEntryName(before.hash)]);
  } catch (error) {
    const until = graceUntil.toISOString();
    throw relaysNotTold(
      `The relays could not be told of the new secret of key "${id}", which nobody has seen. The old one is valid until ${until}: rotate again before.`,
      error,
    );
  }
  return { key: after, secret };
}
