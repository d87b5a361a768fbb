import { describe, expect, it } from '@jest/globals';
import canonicalizeModule from 'canonicalize';
import fc from 'fast-check';
import { canonicalJson } from '#contracts/canonical-json.js';

// The package is CommonJS with a TypeScript default export: under Node's ESM the function is the module itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string;

describe('canonical JSON', () => {
  it('is what the reference library writes, for any JSON', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => expect(canonicalJson(value)).toBe(canonicalize(value))));
  });

  it('orders members by their code units, numbers among them', () => {
    expect(
      canonicalJson({ b: 1, 10: 'x', 9: [null, true], '\ufb33': 0, '\ud83d\ude00': 1e21, a: { z: undefined } }),
    ).toBe('{"10":"x","9":[null,true],"a":{},"b":1,"😀":1e+21,"\ufb33":0}');
  });

  it.each([undefined, NaN, Infinity, () => 1])('refuses %p', (value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
  });
});
