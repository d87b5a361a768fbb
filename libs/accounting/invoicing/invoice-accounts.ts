import type { Account } from '../chart-of-accounts.js';

/** What a customer owes us by invoice. */
export const receivable: Account = { name: 'receivable', kind: 'asset' };
/** What we owe a tax authority. */
export const taxPayable = (jurisdiction: string): Account => ({
  name: `tax-payable:${jurisdiction}`,
  kind: 'liability',
});
/** Between exact usage and what can be paid: a debit is what we gave away. */
export const rounding: Account = { name: 'rounding', kind: 'expense' };
/** The tax that prices contain: it was posted as revenue with the usage, and is none. */
export const taxIncluded: Account = { name: 'tax-included', kind: 'income' };
/** Revenue that we gave back by credit notes. */
export const salesCredits: Account = { name: 'sales-credits', kind: 'income' };
