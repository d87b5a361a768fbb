import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountError, type Pico } from '#money/pico.js';
import { type AccountKind, balanceOf } from './chart-of-accounts.js';
import { type Posting, postTopUp, postUsages, type PricedUsage } from './posting-rules.js';

const amount = fc.bigInt({ min: 0n, max: 10n ** 27n });
const usage: fc.Arbitrary<PricedUsage> = fc.record({
  provider: fc.constantFrom('openai', 'anthropic', 'google'),
  amount: fc.oneof(fc.constant(0n), amount),
  cost: fc.oneof(fc.constant(0n), amount),
});
const usages = fc.array(usage, { maxLength: 50 });

const sum = (amounts: readonly Pico[]) => amounts.reduce((total, one) => total + one, 0n);
const movedOn = (postings: readonly Posting[], side: 'debit' | 'credit', kind: AccountKind, provider: string) =>
  sum(postings.filter((p) => p[side].kind === kind && p[side].name.endsWith(`:${provider}`)).map((p) => p.amount));

describe('posting usages', () => {
  it('is told by an example', () => {
    const postings = postUsages([
      { provider: 'openai', amount: 200n, cost: 150n },
      { provider: 'anthropic', amount: 7n, cost: 0n },
      { provider: 'openai', amount: 1n, cost: 1n },
    ]);
    expect(postings.map(({ debit, credit, amount }) => `${debit.name} → ${credit.name} ${amount}`)).toEqual([
      'customer-wallet → usage-revenue:anthropic 7',
      'customer-wallet → usage-revenue:openai 201',
      'cost-of-sales:openai → provider-clearing:openai 151',
    ]);
  });

  it('moves exactly the charges into revenue and exactly the costs into cost of sales, per provider', () => {
    fc.assert(
      fc.property(usages, (usages) => {
        const postings = postUsages(usages);
        for (const provider of ['openai', 'anthropic', 'google']) {
          const own = usages.filter((usage) => usage.provider === provider);
          expect(movedOn(postings, 'credit', 'income', provider)).toBe(sum(own.map((usage) => usage.amount)));
          expect(movedOn(postings, 'debit', 'expense', provider)).toBe(sum(own.map((usage) => usage.cost)));
        }
      }),
    );
  });

  it('leaves Σ debits = Σ credits, one posting per pair of accounts, and none of nothing', () => {
    fc.assert(
      fc.property(usages, (usages) => {
        const postings = postUsages(usages);
        const kinds: AccountKind[] = ['asset', 'liability', 'income', 'expense'];
        const balances = kinds.map((kind) => {
          const on = (side: 'debit' | 'credit') =>
            sum(postings.filter((p) => p[side].kind === kind).map((p) => p.amount));
          return { kind, balance: balanceOf(kind, on('debit'), on('credit')) };
        });
        const of = (kind: AccountKind) => balances.find((one) => one.kind === kind)?.balance ?? 0n;
        expect(of('asset') + of('expense')).toBe(of('liability') + of('income'));
        expect(new Set(postings.map((p) => `${p.debit.name} ${p.credit.name}`)).size).toBe(postings.length);
        expect(postings.every((p) => p.amount > 0n && p.debit.name !== p.credit.name)).toBe(true);
      }),
    );
  });

  it('does not depend on the order in which usages arrive', () => {
    const shuffled = usages.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(postUsages(other)).toEqual(postUsages(one));
      }),
    );
  });

  it('refuses an amount or a cost below zero', () => {
    expect(() => postUsages([{ provider: 'openai', amount: -1n, cost: 0n }])).toThrow(AmountError);
    expect(() => postUsages([{ provider: 'openai', amount: 1n, cost: -1n }])).toThrow(AmountError);
  });
});

describe('posting a top-up', () => {
  it('moves money from cash clearing into the wallet', () => {
    expect(postTopUp(5n).map(({ debit, credit, amount }) => [debit.name, credit.name, amount])).toEqual([
      ['cash-clearing', 'customer-wallet', 5n],
    ]);
  });

  it.each([0n, -1n])('refuses %s', (amount) => {
    expect(() => postTopUp(amount)).toThrow(AmountError);
  });
});
