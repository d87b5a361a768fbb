import { z } from 'zod';
import { amount, currency, identifier, instant, text } from '#contracts/cloud-event.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

/** `default`, which is there in every currency, or a wallet that was opened. */
const wallet = identifier;
/** Unique for ever within the organisation. No space: the ledger's own keys have one, so that nobody can take them. */
const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters');
/** The payment provider's own name of a payment. */
const paymentId = idempotencyKey;

export const walletTerms = z.discriminatedUnion('kind', [
  /** Usage is paid from what the wallet has. */
  z.object({ kind: z.literal('prepaid') }),
  /** Usage is owed until it is invoiced. The limit binds who admits requests: what happened is always posted. */
  z.object({ kind: z.literal('postpaid'), creditLimit: amount }),
]);
export type WalletTerms = z.infer<typeof walletTerms>;

export const walletState = z.object({
  orgId: identifier,
  id: wallet,
  currency,
  name: z.string().exactOptional(),
  terms: walletTerms,
  /** Its own money: what can be transferred and refunded. Below zero when usage went beyond it. */
  money: amount,
  /** What is left of the grants that it may use now. A grant for every wallet counts in each. */
  credits: amount,
  /** Usage that it owes and that is not invoiced. */
  unbilled: amount,
  /** money + credits − unbilled: the one number that every answer gives as the balance of a wallet. */
  balance: amount,
});
export type WalletState = z.infer<typeof walletState>;

export const listWallets = requestContract(
  'ledger.v1.wallets',
  pageRequest.extend({ orgId: identifier }),
  pageOf(walletState),
);

/** The same again changes nothing; the id with another currency or name is a conflict. */
export const openWallet = requestContract(
  'ledger.v1.wallet.open',
  z.object({ orgId: identifier, id: wallet, currency, name: text(200).min(1).exactOptional() }),
  walletState,
);

/** From now on. What was posted under earlier terms stays as it is. */
export const setWalletTerms = requestContract(
  'ledger.v1.wallet.terms',
  z.object({ orgId: identifier, wallet, currency, terms: walletTerms }),
  walletState,
);

export const walletAssignment = z.object({
  orgId: identifier,
  currency,
  payer: z.object({ kind: z.enum(['team', 'project']), id: identifier }),
  wallet,
});
export type WalletAssignment = z.infer<typeof walletAssignment>;

/** Whose usage a wallet pays from now on: a project's assignment comes before its team's, and `default` ends one. */
export const assignWallet = requestContract('ledger.v1.wallet.assign', walletAssignment, walletAssignment);
export const listAssignments = requestContract(
  'ledger.v1.wallet.assignments',
  pageRequest.extend({ orgId: identifier }),
  pageOf(walletAssignment),
);

/** `balance` is the wallet's afterwards; `repeated` says that the key was known and nothing was posted now. */
const moneyMoved = z.object({ transactionId: z.string(), balance: amount, repeated: z.boolean() });

/** Credits a wallet, the default one unless it is named. */
export const topUp = requestContract(
  'ledger.v1.top-up',
  z.object({ orgId: identifier, wallet: wallet.exactOptional(), currency, amount, idempotencyKey }),
  moneyMoved,
);

/** Between two wallets of an organisation, never more than the first one's own money. The balance is the first one's. */
export const transfer = requestContract(
  'ledger.v1.transfer',
  z.object({ orgId: identifier, from: wallet, to: wallet, currency, amount, idempotencyKey }),
  moneyMoved,
);

/** Pays a wallet's own money back, never more than it has. Grants are not refundable. */
export const refund = requestContract(
  'ledger.v1.refund',
  z.object({ orgId: identifier, wallet, currency, amount, idempotencyKey }),
  moneyMoved,
);

/**
 * What a payment provider says it has given back of a payment so far, in total, so that reports may come twice, late or
 * in any order. The payment's top-up has the payment's id as its idempotency key; without one this is not found.
 */
export const reportRefund = requestContract(
  'ledger.v1.refund.report',
  z.object({ orgId: identifier, paymentId, currency, refundedTotal: amount }),
  moneyMoved,
);

export const creditGrant = z.object({
  orgId: identifier,
  id: identifier,
  currency,
  amount,
  left: amount,
  /** The lower one is used first; of equal ones, the one that expires first. */
  priority: z.number().int().min(-1_000_000).max(1_000_000),
  /** Usage from here on … */
  validFrom: instant,
  /** … until just before this uses the grant. Absent: it does not expire. */
  expiresAt: instant.exactOptional(),
  /** The one wallet whose usage it pays. Absent: any. */
  wallet: wallet.exactOptional(),
  status: z.enum(['active', 'expired', 'revoked']),
});
export type CreditGrant = z.infer<typeof creditGrant>;

/** Without an id it gets one; without a beginning it begins now. */
export const grantCredits = requestContract(
  'ledger.v1.grant',
  creditGrant
    .omit({ left: true, status: true, validFrom: true })
    .extend({ id: identifier.exactOptional(), validFrom: instant.exactOptional(), idempotencyKey }),
  creditGrant.extend({ repeated: z.boolean() }),
);
export const listGrants = requestContract(
  'ledger.v1.grants',
  pageRequest.extend({ orgId: identifier }),
  pageOf(creditGrant),
);
/** Ends a grant now: what is left of it is posted back. Again, it changes nothing. */
export const revokeGrant = requestContract(
  'ledger.v1.grant.revoke',
  z.object({ orgId: identifier, id: identifier }),
  creditGrant,
);
