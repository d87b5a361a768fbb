import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideAdmission, heldBy, thresholdsReached } from './decide-admission.js';

const pico = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
const wanted = fc.bigInt({ min: 1n, max: 10n ** 20n });
const limit = fc.record(
  { name: fc.string(), left: pico, resetsAtMs: fc.integer({ min: 0 }) },
  { requiredKeys: ['name', 'left'] },
);

describe('an admission', () => {
  it('never grants more than is wanted or than any limit bears, and otherwise all that it can', () => {
    fc.assert(
      fc.property(wanted, fc.array(limit), (amount, limits) => {
        const { granted, limitedBy } = decideAdmission(amount, limits);
        const bears = limits.map(({ left }) => (left > 0n ? left : 0n));
        expect(granted).toBe([amount, ...bears].reduce((one, other) => (one < other ? one : other)));
        expect(limitedBy === undefined).toBe(granted === amount);
      }),
    );
  });

  it('names the same limit in whatever order they are looked at, up to equal ones', () => {
    fc.assert(
      fc.property(wanted, fc.array(limit), (amount, limits) => {
        const facts = ({ limitedBy }: ReturnType<typeof decideAdmission>) => limitedBy?.resetsAtMs;
        expect(facts(decideAdmission(amount, limits.toReversed()))).toBe(facts(decideAdmission(amount, limits)));
      }),
    );
  });

  it('of nothing names the limit that lasts longest: a wallet before any budget', () => {
    const wallet = { name: 'wallet', left: 0n };
    const day = { name: 'day', left: -5n, resetsAtMs: 1 };
    const month = { name: 'month', left: 0n, resetsAtMs: 30 };
    expect(decideAdmission(1n, [day, month])).toEqual({ granted: 0n, limitedBy: month });
    expect(decideAdmission(1n, [day, wallet, month])).toEqual({ granted: 0n, limitedBy: wallet });
  });
});

describe('a lease', () => {
  it('and what is booked under it together never take more than the larger of the two', () => {
    fc.assert(
      fc.property(wanted, wanted, (amount, used) => {
        expect(used + heldBy(amount, used)).toBe(amount > used ? amount : used);
      }),
    );
  });
});

describe('a threshold', () => {
  it('is reached at its percentage, to the last pico', () => {
    const amount = 10n ** 12n;
    expect(thresholdsReached([50, 80, 100], amount, amount / 2n - 1n)).toEqual([]);
    expect(thresholdsReached([50, 80, 100], amount, amount / 2n)).toEqual([50]);
    expect(thresholdsReached([50, 80, 100, 120], amount, amount)).toEqual([50, 80, 100]);
  });

  it('of a budget of nothing is reached by the first thing spent', () => {
    expect(thresholdsReached([50], 0n, 0n)).toEqual([]);
    expect(thresholdsReached([50], 0n, 1n)).toEqual([50]);
  });
});
