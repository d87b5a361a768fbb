import { AmountError, type Pico } from '#money/pico.js';
import {
  type Account,
  cashClearing,
  costOfSales,
  customerCredits,
  customerWallet,
  promotionExpense,
  providerClearing,
  reversedPayments,
} from './chart-of-accounts.js';

/** One movement: the same amount on both sides, so that an unbalanced one cannot be written down. */
export interface Posting {
  readonly debit: Account;
  readonly credit: Account;
  /** Above zero: what is worth nothing moves nothing. */
  readonly amount: Pico;
}

/** What the provider will bill us for one usage. */
export interface ProviderCost {
  readonly provider: string;
  readonly cost: Pico;
}

/**
 * The providers' costs of usages, beside the revenue of the same usages. One posting per provider, in the order of names.
 * @throws AmountError on a cost below zero: a correction is an event of its own.
 */
export function postProviderCosts(costs: readonly ProviderCost[]): Posting[] {
  const totals = new Map<string, Pico>();
  for (const { provider, cost } of costs) {
    if (cost < 0n) throw new AmountError('A provider cost cannot be posted below zero.');
    totals.set(provider, (totals.get(provider) ?? 0n) + cost);
  }
  return [...totals]
    .filter(([, amount]) => amount > 0n)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([provider, amount]) => ({ debit: costOfSales(provider), credit: providerClearing(provider), amount }));
}

/** @throws AmountError unless the amount is above zero. So do all that follow. */
export function postTopUp(wallet: string, amount: Pico): Posting[] {
  return [{ debit: cashClearing, credit: customerWallet(wallet), amount: moved('A top-up', amount) }];
}

/** @throws AmountError also when both are the same wallet: that moves nothing. */
export function postTransfer(from: string, to: string, amount: Pico): Posting[] {
  if (from === to) throw new AmountError(`A transfer from wallet "${from}" to itself moves nothing: name another one.`);
  return [{ debit: customerWallet(from), credit: customerWallet(to), amount: moved('A transfer', amount) }];
}

/** A refund that we decide: it takes the wallet's own money, so whoever asks has looked that it is there. */
export function postRefund(wallet: string, amount: Pico): Posting[] {
  return [{ debit: customerWallet(wallet), credit: cashClearing, amount: moved('A refund', amount) }];
}

/**
 * A refund that has happened, as a payment provider reports it. The wallet gives no more than it has; what it has spent
 * already is what the customer owes us.
 * @param available the wallet's own money, which may be below zero.
 */
export function postReportedRefund(wallet: string, amount: Pico, available: Pico): Posting[] {
  moved('A refund', amount);
  const own = available > amount ? amount : available > 0n ? available : 0n;
  return [
    { debit: customerWallet(wallet), credit: cashClearing, amount: own },
    { debit: reversedPayments(wallet), credit: cashClearing, amount: amount - own },
  ].filter((posting) => posting.amount > 0n);
}

export function postGrant(grant: string, amount: Pico): Posting[] {
  return [{ debit: promotionExpense, credit: customerCredits(grant), amount: moved('A grant', amount) }];
}

/** What nobody used in time was no expense after all. */
export function postGrantExpiry(grant: string, left: Pico): Posting[] {
  return [{ debit: customerCredits(grant), credit: promotionExpense, amount: moved('An expiry', left) }];
}

function moved(what: string, amount: Pico): Pico {
  if (amount <= 0n) throw new AmountError(`${what} must be above zero.`);
  return amount;
}
