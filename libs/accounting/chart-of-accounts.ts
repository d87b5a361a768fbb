import type { Pico } from '#money/pico.js';

export type AccountKind = 'asset' | 'liability' | 'income' | 'expense';

/** An account of one organisation's book in one currency. The name says its kind once and for all. */
export interface Account {
  readonly name: string;
  readonly kind: AccountKind;
}

/** The wallet that every organisation has in every currency, without anybody opening it. */
export const defaultWallet = 'default';

/** The part before the colon is the class: the database's table of movements knows classes only. */
const ofWallet = (accountClass: string, wallet: string) =>
  wallet === defaultWallet ? accountClass : `${accountClass}:${wallet}`;

/** Money on its way in: a payment was reported and is to arrive at the bank. */
export const cashClearing: Account = { name: 'cash-clearing', kind: 'asset' };
/** What we owe the customer in service: a wallet in credit is our debt. It may go below zero: usage that happened is always posted. */
export const customerWallet = (wallet: string): Account => ({
  name: ofWallet('customer-wallet', wallet),
  kind: 'liability',
});
/** What we gave the customer to use up, one account to a grant: its balance is what is left of it. */
export const customerCredits = (grant: string): Account => ({ name: `customer-credits:${grant}`, kind: 'liability' });
export const promotionExpense: Account = { name: 'promotion-expense', kind: 'expense' };
/** Usage of a postpaid wallet that stands on no invoice yet. */
export const unbilledReceivable = (wallet: string): Account => ({
  name: ofWallet('unbilled-receivable', wallet),
  kind: 'asset',
});
/** Money that a payment provider gave back although the wallet had spent it: the customer owes it to us. */
export const reversedPayments = (wallet: string): Account => ({
  name: ofWallet('receivable:reversed-payments', wallet),
  kind: 'asset',
});

export const usageRevenue = (provider: string): Account => ({ name: `usage-revenue:${provider}`, kind: 'income' });
export const costOfSales = (provider: string): Account => ({ name: `cost-of-sales:${provider}`, kind: 'expense' });
/** What we expect on the provider's next statement; it returns to zero when the statement is matched. */
export const providerClearing = (provider: string): Account => ({
  name: `provider-clearing:${provider}`,
  kind: 'liability',
});

/** On the account's normal side: assets and expenses grow by debits, liabilities and income by credits. */
export function balanceOf(kind: AccountKind, debits: Pico, credits: Pico): Pico {
  return kind === 'asset' || kind === 'expense' ? debits - credits : credits - debits;
}
