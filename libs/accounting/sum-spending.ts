import type { Pico } from '#money/pico.js';
import { type BudgetCalendar, type BudgetPeriod, isWithin, periodAt } from './budget-period.js';

/** What a budget counts: the spending in one currency of one part of an organisation, by period. */
export interface CountingBudget extends BudgetCalendar {
  readonly orgId: string;
  readonly id: string;
  readonly currency: string;
  readonly scope: 'organisation' | 'team' | 'project' | 'key';
  readonly scopeId: string;
  /** The start of its first period, in milliseconds since 1970: what happened before is not counted. */
  readonly countsFromMs: number;
}

export interface Spender {
  readonly orgId: string;
  readonly teamId: string;
  readonly projectId: string;
  readonly keyId: string;
  readonly currency: string;
}

export interface Spending extends Spender {
  /** Below zero where a correction takes something back. */
  readonly amount: Pico;
  /** When it happened, however late it is known: that says in which period it counts. */
  readonly effectiveAtMs: number;
}

export interface PeriodSpending<Budget> {
  readonly budget: Budget;
  readonly period: BudgetPeriod;
  readonly amount: Pico;
}

/** The scopes that something is spent in: a budget of any of them counts it. */
export function scopesOf({ orgId, teamId, projectId, keyId }: Spender) {
  return [
    { scope: 'organisation', scopeId: orgId },
    { scope: 'team', scopeId: teamId },
    { scope: 'project', scopeId: projectId },
    { scope: 'key', scopeId: keyId },
  ] as const;
}

/** What these spendings add to each budget's periods. A period whose sum is zero is not named. */
export function sumSpending<Budget extends CountingBudget>(
  budgets: readonly Budget[],
  spendings: readonly Spending[],
): PeriodSpending<Budget>[] {
  const counting = new Map<string, Budget[]>();
  for (const budget of budgets) {
    const group = counting.get(keyOf(budget));
    if (group === undefined) counting.set(keyOf(budget), [budget]);
    else group.push(budget);
  }
  const sums = new Map<Budget, PeriodSums>();
  for (const spending of spendings) {
    for (const scope of scopesOf(spending)) {
      for (const budget of counting.get(keyOf({ ...spending, ...scope })) ?? []) {
        let sum = sums.get(budget);
        if (sum === undefined) sums.set(budget, (sum = new PeriodSums(budget)));
        sum.add(spending);
      }
    }
  }
  return [...sums].flatMap(([budget, sum]) => sum.totals().map(({ period, amount }) => ({ budget, period, amount })));
}

const keyOf = ({ orgId, currency, scope, scopeId }: Pick<CountingBudget, 'orgId' | 'currency' | 'scope' | 'scopeId'>) =>
  `${orgId} ${currency} ${scope} ${scopeId}`;

class PeriodSums {
  readonly #totals = new Map<number, { period: BudgetPeriod; amount: Pico }>();
  #latest: { period: BudgetPeriod; amount: Pico } | undefined;

  constructor(private readonly budget: CountingBudget) {}

  add({ amount, effectiveAtMs }: Spending): void {
    if (effectiveAtMs < this.budget.countsFromMs) return;
    // Batches are of one time, nearly always: the calendar is asked once for all of them.
    if (this.#latest === undefined || !isWithin(this.#latest.period, effectiveAtMs)) {
      const period = periodAt(this.budget, effectiveAtMs);
      this.#latest = this.#totals.get(period.startMs) ?? { period, amount: 0n };
      this.#totals.set(period.startMs, this.#latest);
    }
    this.#latest.amount += amount;
  }

  totals() {
    return [...this.#totals.values()].filter(({ amount }) => amount !== 0n);
  }
}
