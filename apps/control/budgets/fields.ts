import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import {
  budgetAlert,
  budgetChange,
  budgetScope,
  budgetState,
  budgetSubject,
  budgetTerms,
} from '#contracts/requests/budgets.js';
import { leaseState } from '#contracts/requests/leases.js';
import { chosenId } from '../organisations/fields.js';

const defaultThresholds = [50, 80, 100];

const { scopeId: _, timeZone, ...subject } = budgetSubject.shape;
const { thresholds, ...terms } = budgetTerms.shape;

export const newBudget = z
  .strictObject({
    id: chosenId,
    ...subject,
    scope: budgetScope,
    scopeId: identifier.exactOptional().describe('The team, project or key. Left out for the organisation as a whole.'),
    timeZone: timeZone.default('UTC').describe("IANA name: where the period's midnight is."),
    ...terms,
    thresholds: thresholds
      .default(defaultThresholds)
      .describe('In percent of the amount: one alert for each a period.'),
  })
  .refine(({ scope, scopeId }) => (scope === 'organisation') === (scopeId === undefined), {
    path: ['scopeId'],
    message: 'names the team, project or key, and is left out for the organisation',
  })
  .meta({ id: 'NewBudget' });

export const newRevision = z
  .strictObject(budgetChange.shape)
  .refine((change) => Object.keys(change).length > 0, 'must change something')
  .meta({ id: 'NewBudgetRevision' });

/** The ledger's own shapes, which know an organisation as `orgId`, as this API shows them. */
const shown = <Shape extends z.ZodRawShape & { orgId: z.ZodType }>({ shape }: z.ZodObject<Shape>) => {
  const { orgId: _, ...fields } = shape;
  return z.object({ organisationId: identifier, ...fields });
};
export const shownBudget = shown(budgetState).meta({ id: 'Budget' });
export const shownAlert = shown(budgetAlert).meta({ id: 'BudgetAlert' });
export const shownLease = shown(leaseState).meta({ id: 'Lease' });

export function show<Item extends { readonly orgId: string }>({ orgId, ...item }: Item) {
  return { organisationId: orgId, ...item };
}
