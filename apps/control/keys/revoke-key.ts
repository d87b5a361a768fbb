import type { Act } from '../audit/act.js';
import type { KeyPorts } from './issue-key.js';
import { readKeyEntries } from './read-directory.js';
import { relaysNotTold } from './relays-not-told.js';
import type { VirtualKey } from './virtual-key.entity.js';
import { type KeyId, writeRevocation } from './write-revocation.js';

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
  try {
    await directory.tell(() => readKeyEntries(source, key));
  } catch (error) {
    throw relaysNotTold(
      `Key "${key.id}" is revoked in the records, but the relays could not be told: they refuse it once NATS is back. Repeat this call to be sure.`,
      error,
    );
  }
  return revoked;
}
