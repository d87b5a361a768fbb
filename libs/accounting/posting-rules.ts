import { AmountError, type Pico } from '#money/pico.js';
import {
  type Account,
  cashClearing,
  costOfSales,
  customerWallet,
  providerClearing,
  usageRevenue,
} from './chart-of-accounts.js';

/** One movement: the same amount on both sides, so that an unbalanced one cannot be written down. */
export interface Posting {
  readonly debit: Account;
  readonly credit: Account;
  /** Above zero: what is worth nothing moves nothing. */
  readonly amount: Pico;
}

/** A usage with a known price and a known provider cost, neither below zero. */
export interface PricedUsage {
  readonly provider: string;
  readonly amount: Pico;
  readonly cost: Pico;
}

/**
 * Prepaid usage of one organisation in one currency: the wallet pays the revenue, and what the provider will bill us
 * is accrued beside it. One posting per pair of accounts, however many usages, in the order of their names.
 * @throws AmountError on an amount below zero: a correction is an event of its own.
 */
export function postUsages(usages: readonly PricedUsage[]): Posting[] {
  const totals = new Map<string, { amount: Pico; cost: Pico }>();
  for (const { provider, amount, cost } of usages) {
    if (amount < 0n || cost < 0n) throw new AmountError('A usage cannot be posted below zero.');
    const total = totals.get(provider) ?? { amount: 0n, cost: 0n };
    totals.set(provider, { amount: total.amount + amount, cost: total.cost + cost });
  }
  return [...totals]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([provider, { amount, cost }]) => [
      { debit: customerWallet, credit: usageRevenue(provider), amount },
      { debit: costOfSales(provider), credit: providerClearing(provider), amount: cost },
    ])
    .filter(({ amount }) => amount > 0n);
}

/** @throws AmountError unless the amount is above zero. */
export function postTopUp(amount: Pico): Posting[] {
  if (amount <= 0n) throw new AmountError('A top-up must be above zero.');
  return [{ debit: cashClearing, credit: customerWallet, amount }];
}
