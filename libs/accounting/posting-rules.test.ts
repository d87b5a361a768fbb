import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountError, type Pico } from '#money/pico.js';
import {
  type Posting,
  postGrant,
  postGrantExpiry,
  postProviderCosts,
  postRefund,
  postReportedRefund,
  postTopUp,
  postTransfer,
} from './posting-rules.js';

const shown = (postings: readonly Posting[]) =>
  postings.map(({ debit, credit, amount }) => `${debit.name} → ${credit.name} ${amount}`);
const sum = (amounts: readonly Pico[]) => amounts.reduce((total, one) => total + one, 0n);

const costs = fc.array(
  fc.record({
    provider: fc.constantFrom('openai', 'anthropic', 'google'),
    cost: fc.oneof(fc.constant(0n), fc.bigInt({ min: 0n, max: 10n ** 27n })),
  }),
  { maxLength: 50 },
);

describe('posting provider costs', () => {
  it('moves exactly the costs into cost of sales, one posting per provider, and none of nothing', () => {
    fc.assert(
      fc.property(costs, (costs) => {
        const postings = postProviderCosts(costs);
        for (const provider of ['openai', 'anthropic', 'google']) {
          const own = postings.filter(({ debit }) => debit.name === `cost-of-sales:${provider}`);
          const total = sum(costs.filter((cost) => cost.provider === provider).map(({ cost }) => cost));
          expect(shown(own)).toEqual(
            total === 0n ? [] : [`cost-of-sales:${provider} → provider-clearing:${provider} ${total}`],
          );
        }
      }),
    );
  });

  it('does not depend on the order in which costs arrive', () => {
    const shuffled = costs.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(postProviderCosts(other)).toEqual(postProviderCosts(one));
      }),
    );
  });

  it('refuses a cost below zero', () => {
    expect(() => postProviderCosts([{ provider: 'openai', cost: -1n }])).toThrow(AmountError);
  });
});

describe('posting money of a wallet', () => {
  it.each<[what: string, postings: Posting[], expected: string[]]>([
    ['a top-up', postTopUp('default', 5n), ['cash-clearing → customer-wallet 5']],
    ['a top-up of a named wallet', postTopUp('research', 5n), ['cash-clearing → customer-wallet:research 5']],
    ['a transfer', postTransfer('default', 'research', 5n), ['customer-wallet → customer-wallet:research 5']],
    ['a refund', postRefund('default', 5n), ['customer-wallet → cash-clearing 5']],
    ['a grant', postGrant('welcome', 5n), ['promotion-expense → customer-credits:welcome 5']],
    ['its expiry', postGrantExpiry('welcome', 2n), ['customer-credits:welcome → promotion-expense 2']],
  ])('of %s', (_, postings, expected) => {
    expect(shown(postings)).toEqual(expected);
  });

  it.each([0n, -1n])('refuses %s', (amount) => {
    expect(() => postTopUp('default', amount)).toThrow(AmountError);
    expect(() => postTransfer('default', 'research', amount)).toThrow(AmountError);
    expect(() => postRefund('default', amount)).toThrow(AmountError);
    expect(() => postReportedRefund('default', amount, 5n)).toThrow(AmountError);
    expect(() => postGrant('welcome', amount)).toThrow(AmountError);
    expect(() => postGrantExpiry('welcome', amount)).toThrow(AmountError);
  });

  it('refuses a transfer from a wallet to itself', () => {
    expect(() => postTransfer('research', 'research', 5n)).toThrow(AmountError);
  });

  it('posts a reported refund in full, and never takes more from the wallet than it has', () => {
    const amount = fc.bigInt({ min: 1n, max: 10n ** 27n });
    fc.assert(
      fc.property(amount, fc.bigInt({ min: -(10n ** 27n), max: 10n ** 27n }), (amount, available) => {
        const postings = postReportedRefund('research', amount, available);
        const from = (name: string) => sum(postings.filter(({ debit }) => debit.name === name).map((p) => p.amount));
        const own = from('customer-wallet:research');
        expect(own + from('receivable:reversed-payments:research')).toBe(amount);
        expect(own === 0n || own <= available).toBe(true);
        // Only what the wallet does not have is owed.
        expect(own === amount || own === (available > 0n ? available : 0n)).toBe(true);
      }),
    );
  });
});
