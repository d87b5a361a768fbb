import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leafOf } from './canonical.js';
import { KeyedSums } from './keyed-sums.js';

const elements = fc.array(
  fc.tuple(
    fc.nat({ max: 3000 }),
    fc.uint8Array({ maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
  ),
);

describe('keyed sums', () => {
  it('are equal for the same elements in any order', () => {
    const shuffled = elements.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        const sums = new KeyedSums();
        for (const [slot, element] of one) sums.add(slot, element);
        for (const [slot, element] of other) sums.subtract(slot, element);
        expect(sums.firstUnequal(3001)).toBeUndefined();
        expect(sums.unequalCount(3001)).toBe(0);
      }),
    );
  });

  it('name the slot in which one element is missing, doubled or another', () => {
    fc.assert(
      fc.property(elements, fc.nat({ max: 3000 }), fc.uint8Array({ maxLength: 4 }), (list, slot, odd) => {
        const sums = new KeyedSums();
        for (const [own, element] of list) {
          sums.add(own, element);
          sums.subtract(own, element);
        }
        sums.add(slot, Buffer.from(odd));
        expect([sums.firstUnequal(3001), sums.unequalCount(3001)]).toEqual([slot, 1]);
      }),
    );
  });
});

describe('a leaf', () => {
  it('differs when a field does, is absent, or gives a part to the next', () => {
    const rows = [['ab', 'c'], ['a', 'bc'], ['abc', ''], ['abc', null], [null, 'abc'], ['abc']];
    expect(new Set(rows.map((row) => leafOf(row).toString('hex'))).size).toBe(rows.length);
  });

  it('is SHA-256 over the bytes of record_send', () => {
    // SELECT encode(sha256(record_send(ROW('1'::text, NULL::text, 'é'::text))), 'hex') in PostgreSQL 18.
    expect(leafOf(['1', null, 'é']).toString('hex')).toBe(
      '818e5a1049b3eab6f67f68dfb911df3639ccd5bb6cfa5b23f78e0a909a056137',
    );
  });
});
