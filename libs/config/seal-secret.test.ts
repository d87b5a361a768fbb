import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KEY_BYTES, openSecret, SealBroken, sealSecret, secretsKey } from './seal-secret.js';

const key = secretsKey(Buffer.alloc(KEY_BYTES, 7));
const other = secretsKey(Buffer.alloc(KEY_BYTES, 8));
const owner = { id: 'ch_1', adapter: 'azure', baseUrl: 'https://eu.example', settings: { region: 'eu', tier: '1' } };

describe('a sealed secret', () => {
  it('opens for its owner with its key, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string(), (secret, id) => {
        expect(openSecret(sealSecret(secret, { ...owner, id }, key), { ...owner, id }, [other, key])).toBe(secret);
      }),
    );
  });

  it('is never sealed the same way twice, so that equal secrets are not seen to be equal', () => {
    const [one, two] = [sealSecret('sk-1', owner, key), sealSecret('sk-1', owner, key)];
    expect(one.iv).not.toBe(two.iv);
    expect(one.ciphertext).not.toBe(two.ciphertext);
  });

  it.each<[what: string, changed: object]>([
    ['channel', { id: 'ch_2' }],
    ['adapter', { adapter: 'openai' }],
    ['address', { baseUrl: 'https://eu.example.evil' }],
    ['port', { baseUrl: 'https://eu.example:8443' }],
    ['address, the adapter’s own', { baseUrl: undefined }],
    ['setting', { settings: { region: 'evil', tier: '1' } }],
    ['set of settings', { settings: undefined }],
  ])('does not open for another %s', (_, changed) => {
    expect(() => openSecret(sealSecret('sk-1', owner, key), { ...owner, ...changed }, [key])).toThrow(SealBroken);
  });

  it('opens for the same settings in another order, as the database may give them', () => {
    const stored = { ...owner, settings: { tier: '1', region: 'eu' } };
    expect(openSecret(sealSecret('sk-1', owner, key), stored, [key])).toBe('sk-1');
  });

  it('of a version that was bound to less says that it has to be sent again', () => {
    const { version: _, ...first } = sealSecret('sk-1', owner, key);
    for (const sealed of [first, { ...first, version: 3 }]) {
      expect(() => openSecret(sealed, owner, [key])).toThrow(
        'The secret of ch_1 was sealed by another version of Tollgate: send it again (PUT /v1/channels/ch_1).',
      );
    }
  });

  it('does not open when any bit of it was changed', () => {
    const sealed = sealSecret('sk-of-the-upstream', owner, key);
    for (const part of ['iv', 'tag', 'ciphertext'] as const) {
      const bytes = Buffer.from(sealed[part], 'base64');
      for (let bit = 0; bit < bytes.length * 8; bit += 1) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        expect(() => openSecret({ ...sealed, [part]: changed.toString('base64') }, owner, [key])).toThrow(SealBroken);
      }
    }
  });

  it('does not open with a shortened tag, which would be easier to guess', () => {
    const sealed = sealSecret('sk-1', owner, key);
    const tag = Buffer.from(sealed.tag, 'base64').subarray(0, 12).toString('base64');
    expect(() => openSecret({ ...sealed, tag }, owner, [key])).toThrow(SealBroken);
  });

  it('that was sealed with a key we do not have says which one, and nothing of itself', () => {
    const sealed = sealSecret('sk-1', owner, other);
    expect(() => openSecret(sealed, owner, [key])).toThrow(
      `The secret of ch_1 was sealed with key ${other.id}, which is not among TOLLGATE_SECRETS_KEY.`,
    );
  });
});

describe('a secrets key', () => {
  it('has 32 bytes', () => {
    expect(() => secretsKey(Buffer.alloc(31))).toThrow('A secrets key has 32 bytes, not 31.');
  });
});
