import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { SealedSecret } from '#contracts/channel.js';

/** AES-256 in Galois/Counter Mode, NIST SP 800-38D: 32 bytes of key, 12 of nonce, 16 of tag. */
const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

export interface SecretsKey {
  /** Tells keys apart in public: the beginning of the key's SHA-256. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** A sealed secret that does not open. The sentence says why and shows nothing of it. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

export function secretsKey(bytes: Buffer): SecretsKey {
  if (bytes.length !== KEY_BYTES) throw new Error(`A secrets key has ${KEY_BYTES} bytes, not ${bytes.length}.`);
  return { id: createHash('sha256').update(bytes).digest('hex').slice(0, 16), bytes };
}

/** @param owner what the secret belongs to, as a channel's id: moved to another one it does not open. */
export function sealSecret(secret: string, owner: string, key: SecretsKey): SealedSecret {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(owner, key));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return {
    keyId: key.id,
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    ciphertext: ciphertext.toString('base64'),
  };
}

/** @throws SealBroken when none of the keys sealed it, or when it is not as it was sealed for this owner. */
export function openSecret(sealed: SealedSecret, owner: string, keys: readonly SecretsKey[]): string {
  const key = keys.find(({ id }) => id === sealed.keyId);
  if (key === undefined) {
    throw new SealBroken(
      `The secret of ${owner} was sealed with key ${sealed.keyId}, which is not among TOLLGATE_SECRETS_KEY.`,
    );
  }
  try {
    const decipher = createDecipheriv(ALGORITHM, key.bytes, Buffer.from(sealed.iv, 'base64'), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundTo(owner, key));
    decipher.setAuthTag(Buffer.from(sealed.tag, 'base64'));
    return Buffer.concat([decipher.update(sealed.ciphertext, 'base64'), decipher.final()]).toString('utf8');
  } catch (error) {
    throw new SealBroken(`The secret of ${owner} does not open: it was changed, or sealed for another owner.`, {
      cause: error,
    });
  }
}

function boundTo(owner: string, key: SecretsKey): Buffer {
  return Buffer.from(`tollgate secret 1\n${key.id}\n${owner}`);
}
