import { z } from 'zod';
import { amount, currency, identifier, instant } from '#contracts/cloud-event.js';
import { asOf, reportScope } from '#contracts/requests/accounting.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

export const ledgerAccount = z.object({
  id: z.string(),
  orgId: identifier,
  /** The name in the chart of accounts, such as `customer-wallet` or `usage-revenue:openai`. */
  name: z.string(),
  kind: z.enum(['asset', 'liability', 'income', 'expense']),
  currency,
  debits: amount,
  credits: amount,
  /** On the account's normal side: positive when it holds what its kind is meant to hold. */
  balance: amount,
});
export type LedgerAccount = z.infer<typeof ledgerAccount>;

export const ledgerEntry = z.object({
  transactionId: z.string(),
  postingId: z.string(),
  kind: z.string(),
  account: z.string(),
  side: z.enum(['debit', 'credit']),
  currency,
  amount,
  effectiveAt: instant,
  postedAt: instant,
});
export type LedgerEntry = z.infer<typeof ledgerEntry>;

export const listAccounts = requestContract(
  'ledger.v1.accounts',
  pageRequest.extend({ orgId: identifier, ...asOf.shape }),
  pageOf(ledgerAccount),
);

export const listEntries = requestContract(
  'ledger.v1.entries',
  pageRequest.extend({ orgId: identifier, account: z.string().max(256).exactOptional(), ...asOf.shape }),
  pageOf(ledgerEntry),
);

/** Per currency Σ debits = Σ credits, over the organisation or over all of them, of all months or of some. */
export const trialBalance = requestContract(
  'ledger.v1.trial-balance',
  reportScope,
  z.object({
    rows: z.array(ledgerAccount),
    totals: z.array(z.object({ currency, debits: amount, credits: amount, balanced: z.boolean() })),
  }),
);
