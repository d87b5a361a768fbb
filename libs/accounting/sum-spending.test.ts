import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { budgetPeriods, isWithin } from './budget-period.js';
import { type CountingBudget, sumSpending } from './sum-spending.js';

const instant = fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2027-06-01T00:00:00Z') });
const name = fc.constantFrom('a', 'b');
const spending = fc.record({
  ...{ orgId: name, teamId: name, projectId: name, keyId: name },
  currency: fc.constantFrom('USD', 'EUR'),
  amount: fc.bigInt({ min: -(10n ** 6n), max: 10n ** 9n }),
  effectiveAtMs: instant,
});
const budget = fc
  .record({
    ...{ id: fc.uuid(), orgId: name, scopeId: name, currency: fc.constantFrom('USD', 'EUR') },
    scope: fc.constantFrom('organisation', 'team', 'project', 'key'),
    period: fc.constantFrom(...budgetPeriods),
    timeZone: fc.constantFrom('UTC', 'America/New_York', 'Asia/Kolkata'),
    countsFromMs: fc.oneof(instant, fc.constant(-Infinity)),
  })
  .map((one): CountingBudget => (one.scope === 'organisation' ? { ...one, scopeId: one.orgId } : one));

const sumOf = (amounts: readonly bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

describe('spending', () => {
  it('is counted by each budget of its scopes and currency, in one period, once', () => {
    fc.assert(
      fc.property(fc.array(budget, { maxLength: 6 }), fc.array(spending, { maxLength: 30 }), (budgets, spendings) => {
        const sums = sumSpending(budgets, spendings);
        for (const one of budgets) {
          const field = `${one.scope === 'organisation' ? 'org' : one.scope}Id` as const;
          const counted = spendings.filter(
            (spent) =>
              spent.orgId === one.orgId &&
              spent.currency === one.currency &&
              spent[field] === one.scopeId &&
              spent.effectiveAtMs >= one.countsFromMs,
          );
          const own = sums.filter((sum) => sum.budget === one);
          expect(sumOf(own.map(({ amount }) => amount))).toBe(sumOf(counted.map(({ amount }) => amount)));
          for (const { period, amount } of own) {
            const within = counted.filter(({ effectiveAtMs }) => isWithin(period, effectiveAtMs));
            expect(amount).toBe(sumOf(within.map((spent) => spent.amount)));
          }
        }
      }),
    );
  });

  it('sums to the same in whatever order it comes', () => {
    fc.assert(
      fc.property(budget, fc.array(spending, { maxLength: 30 }), (one, spendings) => {
        const sums = (list: typeof spendings) =>
          sumSpending([one], list)
            .map(({ period, amount }) => `${period.startMs} ${amount}`)
            .toSorted();
        expect(sums(spendings.toReversed())).toEqual(sums(spendings));
      }),
    );
  });
});
