import { z } from 'zod';
import { budgetPeriods, isTimeZone } from '#accounting/budget-period.js';
import { amount, count, currency, identifier, instant } from '#contracts/cloud-event.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

export const budgetScope = z.enum(['organisation', 'team', 'project', 'key']);
export type BudgetScope = z.infer<typeof budgetScope>;

const maxThresholds = 10;

/** What may be changed of a budget. The amount is of its currency, per period. */
export const budgetTerms = z.object({
  amount: amount.refine((text) => !text.startsWith('-'), 'must not be below 0'),
  /** hard: requests are refused when nothing is left. soft: alerts only. */
  enforcement: z.enum(['hard', 'soft']),
  /** In percent of the amount: an alert for each, once per period. */
  thresholds: z
    .array(z.number().int().min(1).max(1000))
    .max(maxThresholds)
    .refine((all) => new Set(all).size === all.length, 'must differ from each other'),
});
export type BudgetTerms = z.infer<typeof budgetTerms>;

const { amount: newAmount, enforcement, thresholds } = budgetTerms.shape;
/** What is left out stays as it is. */
export const budgetChange = z.object({
  amount: newAmount.exactOptional(),
  enforcement: enforcement.exactOptional(),
  thresholds: thresholds.exactOptional(),
});
export type BudgetChange = z.infer<typeof budgetChange>;

/** What a budget counts: it never changes. */
export const budgetSubject = z.object({
  scope: budgetScope,
  /** The team, project or key; of an organisation's budget, the organisation. */
  scopeId: identifier,
  currency,
  period: z.enum(budgetPeriods),
  timeZone: z.string().max(64).refine(isTimeZone, 'is not a time zone of IANA such as "Europe/Berlin"'),
});
export type BudgetSubject = z.infer<typeof budgetSubject>;

/** A period's bounds: `start` belongs to it, `end` to the next. Both are absent of a total. */
export const periodBounds = z.object({ start: instant.exactOptional(), end: instant.exactOptional() });

export const budgetState = z.object({
  orgId: identifier,
  id: identifier,
  ...budgetSubject.shape,
  ...budgetTerms.shape,
  revision: count,
  archived: z.boolean(),
  createdAt: instant,
  revisedAt: instant,
  /** The one that is running, with what was charged in it, what leases hold of it, and what is left: below 0 when overdrawn. */
  current: z.object({ ...periodBounds.shape, spent: amount, held: amount, remaining: amount }),
});
export type BudgetState = z.infer<typeof budgetState>;

/** The same again changes nothing; the id with anything else is a conflict. */
export const createBudget = requestContract(
  'ledger.v1.budget.create',
  z.object({ orgId: identifier, id: identifier, ...budgetSubject.shape, ...budgetTerms.shape }),
  budgetState,
);

/** From now on, the running period included. */
export const reviseBudget = requestContract(
  'ledger.v1.budget.revise',
  z.object({ orgId: identifier, id: identifier, requestId: identifier, change: budgetChange }),
  budgetState,
);

/** It limits and counts no more, and stays to be read. For ever: again, it changes nothing. */
export const archiveBudget = requestContract(
  'ledger.v1.budget.archive',
  z.object({ orgId: identifier, id: identifier }),
  budgetState,
);

export const getBudget = requestContract(
  'ledger.v1.budget.get',
  z.object({ orgId: identifier, id: identifier }),
  budgetState,
);

export const listBudgets = requestContract(
  'ledger.v1.budgets',
  pageRequest.extend({ orgId: identifier }),
  pageOf(budgetState),
);

export const budgetAlert = z.object({
  id: z.uuid(),
  orgId: identifier,
  budgetId: identifier,
  scope: budgetScope,
  scopeId: identifier,
  currency,
  period: periodBounds,
  /** The percentage that was reached. */
  threshold: count,
  /** As they were when it was raised. */
  amount,
  spent: amount,
  raisedAt: instant,
});
export type BudgetAlert = z.infer<typeof budgetAlert>;

/** Oldest first. */
export const listBudgetAlerts = requestContract(
  'ledger.v1.budget.alerts',
  pageRequest.extend({ orgId: identifier, budgetId: identifier.exactOptional() }),
  pageOf(budgetAlert),
);
