import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { canonicalJson } from '#contracts/canonical-json.js';
import type { PublishedChannel, SealedSecret } from '#contracts/channel.js';

/** AES-256 in Galois/Counter Mode, NIST SP 800-38D: 32 bytes of key, 12 of nonce, 16 of tag. */
const ALGORITHM = 'aes-256-gcm';
export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 2;

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

/** Whose a secret is, and all that decides where the relay sends it. */
export type SecretOwner = Pick<PublishedChannel, 'id' | 'adapter' | 'baseUrl' | 'settings'>;

/** @param owner moved to another channel, or with its channel to another address, the secret does not open. */
export function sealSecret(secret: string, owner: SecretOwner, key: SecretsKey): SealedSecret {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.bytes, iv, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(owner, key));
  const ciphertext = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return {
    version: VERSION,
    keyId: key.id,
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    ciphertext: ciphertext.toString('base64'),
  };
}

/** @throws SealBroken when none of the keys sealed it, or when it is not as it was sealed for this owner. */
export function openSecret(sealed: SealedSecret, owner: SecretOwner, keys: readonly SecretsKey[]): string {
  const { id: channel } = owner;
  if (sealed.version !== VERSION) {
    throw new SealBroken(
      `The secret of ${channel} was sealed by another version of Tollgate: send it again (PUT /v1/channels/${channel}).`,
    );
  }
  const key = keys.find(({ id }) => id === sealed.keyId);
  if (key === undefined) {
    throw new SealBroken(
      `The secret of ${channel} was sealed with key ${sealed.keyId}, which is not among TOLLGATE_SECRETS_KEY.`,
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
    const why = 'it was changed, or sealed for another channel, adapter, base URL or settings';
    const sentence = `The secret of ${channel} does not open: ${why}. Send it again (PUT /v1/channels/${channel}).`;
    throw new SealBroken(sentence, { cause: error });
  }
}

function boundTo({ id, adapter, baseUrl, settings }: SecretOwner, key: SecretsKey): Buffer {
  const owner = canonicalJson({ id, adapter, baseUrl, settings });
  return Buffer.from(`tollgate secret ${VERSION}\n${key.id}\n${owner}`);
}
