import { AmountError, type Pico } from '#money/pico.js';
import { type Account, costOfSales, providerClearing, usageRevenue } from './chart-of-accounts.js';
import type { Posting } from './posting-rules.js';

/** What one account paid of a charge. */
export interface Payment {
  readonly account: Account;
  readonly amount: Pico;
}

/** A charge as it stands: its payments, in the order in which they were taken, are its amount. */
export interface StandingCharge {
  readonly provider: string;
  readonly payments: readonly Payment[];
  readonly cost: Pico;
}

/** What a charge was worth after all. */
export interface RightPrice {
  readonly amount: Pico;
  readonly cost: Pico;
  /** Who pays what is more than was paid. */
  readonly payer: Account;
}

/**
 * The reverse of a charge, then the right one. Who paid first still pays first and never more than before, so a grant
 * gets back only what the wallet did not pay; what is added, the payer pays.
 * @throws AmountError on an amount or a cost below zero.
 */
export function correctCharge({ provider, payments, cost }: StandingCharge, right: RightPrice): Posting[] {
  if (right.amount < 0n || right.cost < 0n) throw new AmountError('A charge is not worth less than nothing.');
  const revenue = usageRevenue(provider);
  const [expense, clearing] = [costOfSales(provider), providerClearing(provider)];
  return [
    ...payments.map(({ account, amount }) => ({ debit: revenue, credit: account, amount })),
    ...paymentsOf(payments, right).map(({ account, amount }) => ({ debit: account, credit: revenue, amount })),
    { debit: clearing, credit: expense, amount: cost },
    { debit: expense, credit: clearing, amount: right.cost },
  ].filter(({ amount }) => amount > 0n);
}

/** How an amount is paid by those who paid before, and by the payer where it is more. */
export function paymentsOf(before: readonly Payment[], { amount, payer }: RightPrice): Payment[] {
  let unpaid = amount;
  const payments = before.map(({ account, amount: paid }) => {
    const own = paid < unpaid ? paid : unpaid;
    unpaid -= own;
    return { account, amount: own };
  });
  return [...payments, { account: payer, amount: unpaid }].filter((payment) => payment.amount > 0n);
}
