import type { z } from 'zod';
import { cloudEvent } from '#contracts/cloud-event.js';
import { budgetAlert } from '#contracts/requests/budgets.js';

/** On ALERTS, at least once. The id is the alert's. */
export const budgetAlertEvent = cloudEvent('tollgate.budget-alert.v1', budgetAlert);
export type BudgetAlertEvent = z.infer<typeof budgetAlertEvent>;
