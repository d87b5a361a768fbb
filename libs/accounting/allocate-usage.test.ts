import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountError, type Pico } from '#money/pico.js';
import { allocateUsage, type Grant, type PayingWallet, type PricedUsage } from './allocate-usage.js';

const wallets: Record<string, PayingWallet> = {
  default: { id: 'default', kind: 'prepaid' },
  research: { id: 'research', kind: 'prepaid' },
  sales: { id: 'sales', kind: 'postpaid' },
};

interface Usage extends PricedUsage {
  readonly wallet: string;
}
const walletOf = ({ wallet }: Usage) => wallets[wallet] ?? { id: wallet, kind: 'prepaid' };

const timeMs = fc.integer({ min: 0, max: 20 });
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 9n }), fc.bigInt({ min: 0n, max: 10n ** 27n }));
const usages: fc.Arbitrary<Usage[]> = fc.uniqueArray(
  fc.record({
    eventId: fc.string({ minLength: 1, maxLength: 3 }),
    provider: fc.constantFrom('openai', 'anthropic'),
    amount,
    effectiveAtMs: timeMs,
    wallet: fc.constantFrom('default', 'research', 'sales'),
  }),
  { selector: ({ eventId }) => eventId, maxLength: 40 },
);
const grants: fc.Arbitrary<Grant[]> = fc.uniqueArray(
  fc.record(
    {
      id: fc.string({ minLength: 1, maxLength: 2 }),
      left: amount,
      priority: fc.integer({ min: 0, max: 2 }),
      validFromMs: timeMs,
      expiresAtMs: timeMs,
      wallet: fc.constantFrom('default', 'research', 'sales'),
    },
    { requiredKeys: ['id', 'left', 'priority', 'validFromMs'] },
  ),
  { selector: ({ id }) => id, maxLength: 8 },
);

const sum = (amounts: readonly Pico[]) => amounts.reduce((total, one) => total + one, 0n);
const shown = (usages: readonly Usage[], grants: readonly Grant[]) => {
  const { postings, left } = allocateUsage(usages, grants, walletOf);
  const texts = postings.map(({ debit, credit, amount }) => `${debit.name} → ${credit.name} ${amount}`);
  return { texts, left: [...left].toSorted(([a], [b]) => (a < b ? -1 : 1)) };
};
const usage = (eventId: string, effectiveAtMs: number, amount: Pico, more: Partial<Usage> = {}): Usage => ({
  ...{ eventId, effectiveAtMs, amount, provider: 'openai', wallet: 'default' },
  ...more,
});

describe('allocating usage', () => {
  it('takes from grants by priority, then by expiry, then by id, and the rest from the wallet', () => {
    const grants: Grant[] = [
      { id: 'z', left: 5n, priority: 1, validFromMs: 0 },
      { id: 'late', left: 5n, priority: 2, validFromMs: 0, expiresAtMs: 30 },
      { id: 'b', left: 5n, priority: 2, validFromMs: 0, expiresAtMs: 20 },
      { id: 'a', left: 5n, priority: 2, validFromMs: 0, expiresAtMs: 20 },
      { id: 'never', left: 5n, priority: 2, validFromMs: 0 },
    ];
    const paidBy = (amount: Pico) => shown([usage('e', 10, amount)], grants).texts.map((text) => text.split(' ')[0]);
    expect(paidBy(5n)).toEqual(['customer-credits:z']);
    expect(paidBy(10n)).toEqual(['customer-credits:a', 'customer-credits:z']);
    expect(paidBy(11n)).toEqual(['customer-credits:a', 'customer-credits:b', 'customer-credits:z']);
    expect(paidBy(16n)).toContain('customer-credits:late');
    expect(paidBy(16n)).not.toContain('customer-credits:never');
    expect(paidBy(26n)).toContain('customer-wallet');
  });

  it('knows a grant from its first moment until just before its expiry', () => {
    const grants: Grant[] = [{ id: 'g', left: 9n, priority: 0, validFromMs: 10, expiresAtMs: 20 }];
    const used = [9, 10, 19, 20].map((timeMs) => 9n - (shown([usage('e', timeMs, 1n)], grants).left[0]?.[1] ?? 0n));
    expect(used).toEqual([0n, 1n, 1n, 0n]);
  });

  it('pays with a grant of one wallet for that wallet alone', () => {
    const grants: Grant[] = [{ id: 'g', left: 9n, priority: 0, validFromMs: 0, wallet: 'research' }];
    const both = [usage('a', 1, 2n), usage('b', 2, 3n, { wallet: 'research' })];
    expect(shown(both, grants).texts).toEqual([
      'customer-credits:g → usage-revenue:openai 3',
      'customer-wallet → usage-revenue:openai 2',
    ]);
  });

  it('owes the usage of a postpaid wallet until it is invoiced', () => {
    expect(shown([usage('a', 1, 2n, { wallet: 'sales' })], []).texts).toEqual([
      'unbilled-receivable:sales → usage-revenue:openai 2',
    ]);
  });

  it('pays every usage in full, per provider, from exactly what the grants lost and the wallets owe', () => {
    fc.assert(
      fc.property(usages, grants, (usages, grants) => {
        const { postings, left } = allocateUsage(usages, grants, walletOf);
        for (const provider of ['openai', 'anthropic']) {
          const earned = postings.filter(({ credit }) => credit.name === `usage-revenue:${provider}`);
          const used = usages.filter((usage) => usage.provider === provider);
          expect(sum(earned.map(({ amount }) => amount))).toBe(sum(used.map(({ amount }) => amount)));
        }
        for (const grant of grants) {
          const paid = postings.filter(({ debit }) => debit.name === `customer-credits:${grant.id}`);
          expect(left.get(grant.id)).toBe(grant.left - sum(paid.map(({ amount }) => amount)));
        }
        expect(postings.every(({ amount }) => amount > 0n)).toBe(true);
        const pairs = postings.map(({ debit, credit }) => JSON.stringify([debit.name, credit.name]));
        expect(new Set(pairs).size).toBe(pairs.length);
      }),
    );
  });

  it('leaves no grant below zero', () => {
    fc.assert(
      fc.property(usages, grants, (usages, grants) => {
        const { left } = allocateUsage(usages, grants, walletOf);
        expect([...left.values()].every((amount) => amount >= 0n)).toBe(true);
      }),
    );
  });

  it('uses for one usage only what was valid then, in its order, and the wallet only when that is used up', () => {
    const rank = ({ priority, expiresAtMs = Infinity, id }: Grant) => [priority, expiresAtMs, id] as const;
    const before = (a: Grant, b: Grant) => {
      for (const [one, other] of rank(a).map((part, index) => [part, rank(b)[index] ?? 0] as const)) {
        if (one !== other) return one < other;
      }
      return false;
    };
    fc.assert(
      fc.property(usages, grants, ([usage], grants) => {
        if (usage === undefined) return;
        const { left } = allocateUsage([usage], grants, walletOf);
        const valid = grants.filter(
          ({ validFromMs, expiresAtMs = Infinity, wallet = usage.wallet }) =>
            validFromMs <= usage.effectiveAtMs && usage.effectiveAtMs < expiresAtMs && wallet === usage.wallet,
        );
        const paidBy = (grant: Grant) => grant.left - (left.get(grant.id) ?? 0n);
        for (const grant of grants.filter((grant) => !valid.includes(grant))) expect(paidBy(grant)).toBe(0n);
        for (const grant of valid.filter((grant) => paidBy(grant) > 0n)) {
          for (const earlier of valid.filter((other) => before(other, grant))) expect(left.get(earlier.id)).toBe(0n);
        }
        const byGrants = sum(valid.map(paidBy));
        expect(byGrants).toBe(
          [usage.amount, sum(valid.map(({ left }) => left))].toSorted((a, b) => (a < b ? -1 : 1))[0],
        );
      }),
    );
  });

  it('gives the same for a batch as for its usages one after the other, as they happened', () => {
    fc.assert(
      fc.property(usages, grants, (usages, grants) => {
        const inTime = usages.toSorted((a, b) => a.effectiveAtMs - b.effectiveAtMs || (a.eventId < b.eventId ? -1 : 1));
        const last = inTime.reduce<Grant[]>((current, usage) => {
          const { left } = allocateUsage([usage], current, walletOf);
          return current.map((grant) => ({ ...grant, left: left.get(grant.id) ?? 0n }));
        }, grants);
        expect(allocateUsage(usages, grants, walletOf).left).toEqual(new Map(last.map(({ id, left }) => [id, left])));
      }),
    );
  });

  it('does not depend on the order in which usages or grants are given', () => {
    const shuffled = <Item>(list: fc.Arbitrary<Item[]>) =>
      list.chain((items) => fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })));
    fc.assert(
      fc.property(shuffled(usages), shuffled(grants), ([usages, otherUsages], [grants, otherGrants]) => {
        expect(shown(otherUsages, otherGrants)).toEqual(shown(usages, grants));
      }),
    );
  });

  it('refuses a usage below zero', () => {
    expect(() => allocateUsage([usage('e', 1, -1n)], [], walletOf)).toThrow(AmountError);
  });
});
