import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decideAdmission, freeMoney, heldBy, leftInWallet, thresholdsReached } from './decide-admission.js';

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

  it('grants what is needed as long as it is there, and beyond it an eighth of what is left', () => {
    fc.assert(
      fc.property(wanted, wanted, fc.array(limit, { minLength: 1 }), (amount, least, limits) => {
        const { granted } = decideAdmission(amount, limits, least);
        const left = decideAdmission(10n ** 21n, limits).granted;
        const needed = amount < least ? amount : least;
        expect(granted >= (needed < left ? needed : left)).toBe(true);
        expect(granted <= left && granted <= amount).toBe(true);
        expect(granted <= least || granted <= left / 8n).toBe(true);
      }),
    );
    const relays = [1, 2, 3, 4].map(() => 0n);
    let left = 1000n;
    for (const relay of relays.keys()) {
      const { granted } = decideAdmission(10_000n, [{ name: 'wallet', left }], 1n);
      relays[relay] = granted;
      left -= granted;
    }
    expect(relays).toEqual([125n, 109n, 95n, 83n]);
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

describe('a wallet', () => {
  it('never lets the leases of all wallets need more of a common grant than there is, in whatever order they come', () => {
    const amounts = fc.record({ own: pico, wants: fc.array(wanted, { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.array(amounts, { maxLength: 5 }), fc.bigInt({ min: 0n, max: 10n ** 20n }), (sketches, shared) => {
        const wallets = sketches.map(({ own }) => ({ own, held: 0n }));
        for (let round = 0; round < 3; round += 1) {
          for (const [index, { wants }] of sketches.entries()) {
            const wallet = wallets[index];
            if (wallet === undefined) continue;
            const left = leftInWallet(wallet, wallets.toSpliced(index, 1), shared);
            wallet.held += decideAdmission(wants[round] ?? 0n, [{ name: index, left }]).granted;
          }
        }
        const needed = wallets.reduce((sum, { own, held }) => sum + heldBy(held, own > 0n ? own : 0n), 0n);
        expect(needed <= shared).toBe(true);
      }),
    );
  });

  it('alone bears its own, its share of grants, and nothing twice', () => {
    expect(leftInWallet({ own: 5n, held: 2n }, [], 10n)).toBe(13n);
    expect(leftInWallet({ own: 5n, held: 2n }, [{ own: 3n, held: 7n }], 10n)).toBe(9n);
    expect(leftInWallet({ own: -5n, held: 0n }, [{ own: -3n, held: 20n }], 10n)).toBe(-5n);
  });
});

describe('the free money of a wallet', () => {
  it('can leave it without taking what a lease needs, and all of it can while nothing is leased', () => {
    fc.assert(
      fc.property(pico, wanted, wanted, (money, elsewhere, held) => {
        const left = leftInWallet({ own: money + elsewhere, held }, [], 0n);
        const free = freeMoney(money, held, left);
        expect(free <= money).toBe(true);
        expect(left - free >= 0n).toBe(true);
        expect(freeMoney(money, 0n, left + held)).toBe(money);
      }),
    );
  });

  it('is what grants and credit do not cover', () => {
    expect(freeMoney(10n, 8n, 4n)).toBe(4n);
    expect(freeMoney(10n, 8n, 102n)).toBe(10n);
    expect(freeMoney(10n, 8n, -3n)).toBe(2n);
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
