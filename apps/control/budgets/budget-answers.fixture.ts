import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  archiveBudget,
  type BudgetState,
  createBudget,
  getBudget,
  listBudgetAlerts,
  listBudgets,
  reviseBudget,
} from '#contracts/requests/budgets.js';
import { listLeases } from '#contracts/requests/leases.js';
import { Answers } from '#jetstream/handlers.js';
import { RequestFailure } from '#jetstream/request-failure.js';

type Asked<Contract extends { request: z.ZodType }> = z.output<Contract['request']>;

const time = '2026-07-24T10:15:00.000Z';
const july = { start: '2026-07-01T00:00:00.000Z', end: '2026-08-01T00:00:00.000Z' };

function budgetOf(orgId: string, id = 'monthly'): BudgetState {
  if (id !== 'monthly') throw new RequestFailure('not_found', `There is no budget "${id}".`);
  return {
    ...{ orgId, id, scope: 'organisation', scopeId: orgId, currency: 'USD', period: 'month', timeZone: 'UTC' },
    ...{ amount: '10', enforcement: 'hard', thresholds: [50, 80, 100], revision: 1, archived: false },
    ...{ createdAt: time, revisedAt: time, current: { ...july, spent: '4', held: '1', remaining: '5' } },
  };
}

/** What the ledger answers about budgets and leases, as its contracts say. It keeps what it was asked. */
@Controller()
export class BudgetAnswers {
  readonly asked: unknown[] = [];

  @Answers(createBudget)
  create(request: Asked<typeof createBudget>) {
    this.asked.push(request);
    return { ...budgetOf(request.orgId), ...request };
  }

  @Answers(reviseBudget)
  revise(request: Asked<typeof reviseBudget>) {
    this.asked.push(request);
    return { ...budgetOf(request.orgId, request.id), ...request.change, revision: 2 };
  }

  @Answers(archiveBudget)
  archive({ orgId, id }: Asked<typeof archiveBudget>) {
    return { ...budgetOf(orgId, id), archived: true };
  }

  @Answers(getBudget)
  get({ orgId, id }: Asked<typeof getBudget>) {
    return budgetOf(orgId, id);
  }

  @Answers(listBudgets)
  list({ orgId }: Asked<typeof listBudgets>) {
    return { items: [budgetOf(orgId)] };
  }

  @Answers(listBudgetAlerts)
  alerts(request: Asked<typeof listBudgetAlerts>) {
    this.asked.push(request);
    const { orgId, scope, scopeId, currency, amount } = budgetOf(request.orgId);
    const alert = { id: '0198d3a1-0000-4000-8000-000000000000', orgId, budgetId: 'monthly', scope, scopeId, currency };
    return { items: [{ ...alert, period: july, threshold: 50, amount, spent: '5.1', raisedAt: time }] };
  }

  @Answers(listLeases)
  leases({ orgId }: Asked<typeof listLeases>) {
    const path = { wallet: 'default', teamId: 'search', projectId: 'web', keyId: 'site', currency: 'USD' };
    const amounts = { amount: '1', used: '0.4', held: '0.6', status: 'open' as const };
    return { items: [{ orgId, id: 'l', relayId: 'relay-1', ...path, ...amounts, grantedAt: time, expiresAt: time }] };
  }
}
