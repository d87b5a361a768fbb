import { z } from 'zod';
import { amount, count, currency, identifier, instant, name, text } from '#contracts/cloud-event.js';
import { ledgerHead } from '#contracts/ledger-head.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

/** A month of the book (UTC). */
export const month = z.string().regex(/^(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])$/, 'a month such as 2026-07');

/** The two axes of time, both inclusive: what had happened by then, and what the book knew by then. Absent: all of it. */
export const asOf = z.object({ effectiveAsOf: instant.exactOptional(), postedAsOf: instant.exactOptional() });
export type AsOf = z.infer<typeof asOf>;

/** What a report covers. Absent: every organisation, every currency, every month. */
export const reportScope = asOf.extend({
  orgId: identifier.exactOptional(),
  currency: currency.exactOptional(),
  /** The first and the last month, by the month in which the book has it. */
  from: month.exactOptional(),
  to: month.exactOptional(),
});
export type ReportScope = z.infer<typeof reportScope>;

export const ledgerPeriod = z.object({
  period: month,
  state: z.enum(['open', 'closed']),
  closedAt: instant.exactOptional(),
  /** Absent where a later month was closed and this one with it. */
  closedBy: z.string().exactOptional(),
  transactions: count,
  /** Of those: of an earlier month that was closed already when they came. */
  late: count,
});
export type LedgerPeriod = z.infer<typeof ledgerPeriod>;

/** Every month of the book, newest first. */
export const listPeriods = requestContract('ledger.v1.periods', pageRequest, pageOf(ledgerPeriod));
/** For ever: what comes later stands in the first open month and says which one it belongs to. */
export const closePeriod = requestContract(
  'ledger.v1.period.close',
  z.object({ period: month, closedBy: name(200) }),
  ledgerPeriod.extend({ repeated: z.boolean() }),
);

const statementLine = z.object({
  account: z.string(),
  /** Of accounts by provider. */
  provider: z.string().exactOptional(),
  amount,
});

/** At the end of `to`. Assets = liabilities + equity, of which the result of all months so far is a line. */
export const balanceSheet = requestContract(
  'ledger.v1.balance-sheet',
  reportScope.omit({ from: true }),
  z.object({
    sheets: z.array(
      z.object({
        currency,
        assets: z.array(statementLine),
        liabilities: z.array(statementLine),
        equity: z.array(statementLine),
        totalAssets: amount,
        totalLiabilities: amount,
        totalEquity: amount,
        balanced: z.boolean(),
      }),
    ),
  }),
);

export const incomeStatement = requestContract(
  'ledger.v1.income-statement',
  reportScope,
  z.object({
    statements: z.array(
      z.object({
        currency,
        income: z.array(statementLine),
        expenses: z.array(statementLine),
        totalIncome: amount,
        totalExpenses: amount,
        result: amount,
      }),
    ),
  }),
);

export const ledgerPosting = z.object({
  id: z.string(),
  debit: z.string(),
  debitKind: z.enum(['asset', 'liability', 'income', 'expense']),
  credit: z.string(),
  creditKind: z.enum(['asset', 'liability', 'income', 'expense']),
  amount,
});

export const ledgerTransaction = z.object({
  id: z.string(),
  orgId: identifier,
  currency,
  kind: z.string(),
  idempotencyKey: z.string().exactOptional(),
  effectiveAt: instant,
  postedAt: instant,
  /** The month in which the book has it, and the one in which it happened. */
  period: month,
  belongsTo: month,
  /** The transaction that it corrects. */
  corrects: z.string().exactOptional(),
  memo: z.string().exactOptional(),
  postings: z.array(ledgerPosting),
});
export type LedgerTransaction = z.infer<typeof ledgerTransaction>;

/** Oldest first. A page holds at most 200: each comes with its postings. */
export const journal = requestContract(
  'ledger.v1.journal',
  reportScope.extend(pageRequest.shape).extend({ kind: z.string().max(32).exactOptional() }),
  pageOf(ledgerTransaction),
);

export const ledgerCharge = z.object({
  eventId: z.string(),
  effectiveAt: instant,
  teamId: z.string(),
  projectId: z.string(),
  keyId: z.string(),
  provider: z.string(),
  model: z.string(),
  priceVersion: z.string(),
  quantity: z.string(),
  amount,
  cost: amount,
  /** Set where the row corrects a charge: by how much, and why. */
  reason: z.string().exactOptional(),
});

/** A transaction with its postings, and page by page the charges and adjustments that they are the sums of. */
export const getTransaction = requestContract(
  'ledger.v1.transaction',
  pageRequest.extend({ orgId: identifier, id: z.string().regex(/^\d{1,18}$/) }),
  z.object({ transaction: ledgerTransaction, charges: pageOf(ledgerCharge) }),
);

/** One account from month to month: what it came with, its entries oldest first, and what it went with. */
export const generalLedger = requestContract(
  'ledger.v1.general-ledger',
  reportScope.extend(pageRequest.shape).extend({ orgId: identifier, account: z.string().min(1).max(256), currency }),
  z.object({
    opening: amount,
    closing: amount,
    items: z.array(
      z.object({
        transactionId: z.string(),
        postingId: z.string(),
        kind: z.string(),
        side: z.enum(['debit', 'credit']),
        amount,
        /** After this entry, on the account's normal side. */
        balance: amount,
        against: z.string(),
        effectiveAt: instant,
        postedAt: instant,
        period: month,
      }),
    ),
    next: z.string().max(512).exactOptional(),
  }),
);

/**
 * Says what a charge was worth after all: of one that was charged, or late of one that was suspended. Posted into the
 * open month; the charge itself stays as it is.
 */
export const correctCharge = requestContract(
  'ledger.v1.charge.correct',
  z.object({
    orgId: identifier,
    eventId: name(128),
    currency,
    /** What the customer owes for it in all, and what the provider bills us. */
    amount,
    cost: amount,
    priceVersion: name(128),
    reason: text(500).min(1),
    idempotencyKey: z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters'),
  }),
  z.object({
    transactionId: z.string(),
    /** By how much it changed. */
    amount,
    cost: amount,
    repeated: z.boolean(),
  }),
);

/** Where the chain stands. `conflict` says why the book cannot be the one whose heads were published. */
export const chainState = requestContract(
  'ledger.v1.chain',
  z.object({}),
  z.object({
    head: ledgerHead.exactOptional(),
    published: ledgerHead.exactOptional(),
    conflict: z.string().exactOptional(),
  }),
);
