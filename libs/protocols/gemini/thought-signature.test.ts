import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packSignature, unpackSignature, type Carried } from '#protocols/gemini/thought-signature.js';

const base64 = fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const sealed = fc.oneof(
  base64,
  base64.map((one) => one.replace(/\+/g, '-').replace(/\//g, '_')),
  fc.string({ minLength: 1 }),
);
const carried = fc.record(
  { signature: sealed, redacted: sealed, id: fc.string(), isSummary: fc.boolean() },
  { requiredKeys: [] },
) as fc.Arbitrary<Carried>;
const signatureOf = (one: Carried) => packSignature(one)['thoughtSignature'] as string | undefined;

describe("another provider's signature", () => {
  it('comes back from a client that keeps it as bytes, whatever it is and in whichever alphabet', () => {
    fc.assert(
      fc.property(carried, (one) => {
        const packed = signatureOf(one);
        expect(unpackSignature(packed)).toEqual(one);
        const urlSafe = packed && Buffer.from(packed, 'base64').toString('base64url');
        expect(unpackSignature(urlSafe)).toEqual(one);
        if (packed !== undefined) expect(Buffer.from(packed, 'base64').toString('base64')).toBe(packed);
      }),
    );
  });

  it('stays as it is when it stands alone and is base64', () => {
    expect(signatureOf({ signature: 'ab+/cQ==' })).toBe('ab+/cQ==');
    expect(signatureOf({ signature: 'ab-_' })).not.toBe('ab-_');
    expect(signatureOf({ signature: 'ab+/', id: 'rs_1' })).not.toBe('ab+/');
    expect(signatureOf({})).toBeUndefined();
  });

  it('is none when Gemini was told that nobody has it', () => {
    expect(unpackSignature('skip_thought_signature_validator')).toEqual({});
  });
});
