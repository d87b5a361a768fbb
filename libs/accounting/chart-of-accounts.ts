import type { Pico } from '#money/pico.js';

export type AccountKind = 'asset' | 'liability' | 'income' | 'expense';

/** An account of one organisation's book in one currency. The name says its kind once and for all. */
export interface Account {
  readonly name: string;
  readonly kind: AccountKind;
}

/** Money on its way in: a payment was reported and is to arrive at the bank. */
export const cashClearing: Account = { name: 'cash-clearing', kind: 'asset' };
/** What we owe the customer in service: a wallet in credit is our debt. It may go below zero: usage that happened is always posted. */
export const customerWallet: Account = { name: 'customer-wallet', kind: 'liability' };

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
