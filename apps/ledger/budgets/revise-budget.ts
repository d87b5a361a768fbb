import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { archiveBudget, BudgetChange, BudgetState, reviseBudget } from '#contracts/requests/budgets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { alertOfPeriod } from './create-budget.js';
import { type Budget, findBudget } from './find-budgets.js';
import { readBudget, requireBudget } from './read-budgets.js';
import { writeRevision } from './write-revision.js';

/** Changes a budget by a new revision, once per request. */
export async function changeBudget(
  source: DataSource,
  { orgId, id, requestId, change }: z.infer<typeof reviseBudget.request>,
  now: Date,
): Promise<BudgetState> {
  return takeTurn(source, async (db) => {
    const budget = await requireBudget(db, orgId, id);
    const [known] = await db.query<unknown[]>(
      'SELECT FROM budget_revision WHERE (org_id, budget_id, request_id) = ($1, $2, $3)',
      [orgId, id, requestId],
    );
    if (known === undefined) {
      if (budget.archived) throw new RequestFailure('conflict', `Budget "${id}" is archived: create another one.`);
      const revised = await revise(db, budget, { requestId, archived: false, ...change });
      await alertOfPeriod(db, revised, now.getTime());
    }
    return readBudget(db, orgId, id);
  });
}

/** Ends a budget: it limits and counts nothing from now on. */
export async function endBudget(
  source: DataSource,
  { orgId, id }: z.infer<typeof archiveBudget.request>,
): Promise<BudgetState> {
  return takeTurn(source, async (db) => {
    const budget = await requireBudget(db, orgId, id);
    if (!budget.archived) await revise(db, budget, { requestId: 'archive', archived: true });
    return readBudget(db, orgId, id);
  });
}

type Change = BudgetChange & { readonly requestId: string; readonly archived: boolean };

async function revise(db: EntityManager, budget: Budget, change: Change): Promise<Budget> {
  const { orgId, id, enforcement, thresholds } = budget;
  await writeRevision(db, {
    ...{ orgId, id, number: budget.revision + 1 },
    ...{ amount: formatAmount(budget.amount), enforcement, thresholds: [...thresholds] },
    ...change,
  });
  const revised = await findBudget(db, orgId, id);
  if (revised === undefined) throw new Error(`Budget ${id} was revised and is not there.`);
  return revised;
}
