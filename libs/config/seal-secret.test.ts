import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEY_BYTES, openSecret, SealBroken, sealSecret, secretsKey } from './seal-secret.js';

const key = secretsKey(Buffer.alloc(KEY_BYTES, 7));
const other = secretsKey(Buffer.alloc(KEY_BYTES, 8));

describe('a sealed secret', () => {
  it('opens for its owner with its key, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string(), (secret, owner) => {
        expect(openSecret(sealSecret(secret, owner, key), owner, [other, key])).toBe(secret);
      }),
    );
  });

  it('is never sealed the same way twice, so that equal secrets are not seen to be equal', () => {
    const [one, two] = [sealSecret('sk-1', 'ch_1', key), sealSecret('sk-1', 'ch_1', key)];
    expect(one.iv).not.toBe(two.iv);
    expect(one.ciphertext).not.toBe(two.ciphertext);
  });

  it('does not open for another owner', () => {
    expect(() => openSecret(sealSecret('sk-1', 'ch_1', key), 'ch_2', [key])).toThrow(SealBroken);
  });

  it('does not open when any bit of it was changed', () => {
    const sealed = sealSecret('sk-of-the-upstream', 'ch_1', key);
    for (const part of ['iv', 'tag', 'ciphertext'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => openSecret({ ...sealed, [part]: changed.toString('base64') }, 'ch_1', [key])).toThrow(SealBroken);
      }
    }
  });

  it('does not open with a shortened tag, which would be easier to guess', () => {
    const sealed = sealSecret('sk-1', 'ch_1', key);
    const tag = Buffer.from(sealed.tag, 'base64').subarray(0, 12).toString('base64');
    expect(() => openSecret({ ...sealed, tag }, 'ch_1', [key])).toThrow(SealBroken);
  });

  it('that was sealed with a key we do not have says which one, and nothing of itself', () => {
    const sealed = sealSecret('sk-1', 'ch_1', other);
    expect(() => openSecret(sealed, 'ch_1', [key])).toThrow(
      `The secret of ch_1 was sealed with key ${other.id}, which is not among TOLLGATE_SECRETS_KEY.`,
    );
  });
});

describe('a secrets key', () => {
  it('has 32 bytes', () => {
    expect(() => secretsKey(Buffer.alloc(31))).toThrow('A secrets key has 32 bytes, not 31.');
  });
});
