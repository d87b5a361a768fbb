import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import { periodAt } from '#accounting/budget-period.js';
import { thresholdsReached } from '#accounting/decide-admission.js';
import type { BudgetState, createBudget } from '#contracts/requests/budgets.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { parseAmount } from '#money/pico.js';
import { takeTurn } from '../post-transactions.js';
import { type Budget, findBudget } from './find-budgets.js';
import { raiseAlerts } from './raise-alerts.js';
import { readBudget } from './read-budgets.js';
import { keepSpending, sumBooked } from './recompute-spending.js';
import { toTimestamp } from './timestamp.js';
import { writeRevision } from './write-revision.js';

type Request = z.infer<typeof createBudget.request>;

/**
 * A budget counts from the start of the period in which it is created, with all that is booked there already.
 * @throws RequestFailure `conflict` when the id stands for another budget.
 */
export async function addBudget(source: DataSource, request: Request, now: Date): Promise<BudgetState> {
  const { orgId, id } = request;
  if (request.scope === 'organisation' && request.scopeId !== orgId) {
    throw new RequestFailure(
      'invalid',
      `The scope of an organisation's budget is "${orgId}", not "${request.scopeId}".`,
    );
  }
  return takeTurn(source, async (db) => {
    if (!(await isThere(db, request))) await write(db, request, now.getTime());
    return readBudget(db, orgId, id);
  });
}

async function write(db: EntityManager, request: Request, nowMs: number): Promise<void> {
  const { orgId, id } = request;
  await db.query(
    `INSERT INTO budget (org_id, id, scope, scope_id, currency, period, time_zone, counts_from)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[orgId, id, request.scope, request.scopeId, request.currency, request.period, request.timeZone],
      toTimestamp(periodAt(request, nowMs).startMs),
    ],
  );
  await writeRevision(db, { ...request, number: 1, requestId: id, archived: false });
  const budget = await findBudget(db, orgId, id);
  if (budget === undefined) throw new Error(`Budget ${id} was written and is not there.`);
  await keepSpending(db, await sumBooked(db, [budget]));
  await alertOfPeriod(db, budget, nowMs);
}

/** What the running period has reached when a budget begins or changes. */
export async function alertOfPeriod(db: EntityManager, budget: Budget, nowMs: number): Promise<void> {
  const period = periodAt(budget, nowMs);
  const [row] = await db.query<{ spent: string }[]>(
    'SELECT spent FROM budget_spent WHERE (org_id, budget_id, period_start) = ($1, $2, $3)',
    [budget.orgId, budget.id, toTimestamp(period.startMs)],
  );
  const spent = BigInt(row?.spent ?? 0);
  const reached = thresholdsReached(budget.thresholds, budget.amount, spent);
  await raiseAlerts(
    db,
    reached.map((threshold) => ({ budget, period, threshold, spent })),
  );
}

/** @throws RequestFailure `conflict` when there is another one under the id. */
async function isThere(db: EntityManager, request: Request): Promise<boolean> {
  const [first] = await db.query<Record<'subject' | 'amount', string>[]>(
    `SELECT concat_ws(' ', b.scope, b.scope_id, b.currency, b.period, b.time_zone, r.enforcement, r.thresholds) AS subject,
       r.amount
     FROM budget b JOIN budget_revision r ON (r.org_id, r.budget_id, r.number) = (b.org_id, b.id, 1)
     WHERE (b.org_id, b.id) = ($1, $2)`,
    [request.orgId, request.id],
  );
  if (first === undefined) return false;
  const { scope, scopeId, currency, period, timeZone, enforcement, thresholds } = request;
  const asked = [scope, scopeId, currency, period, timeZone, enforcement, `{${thresholds.join(',')}}`].join(' ');
  if (first.subject === asked && BigInt(first.amount) === parseAmount(request.amount)) return true;
  throw new RequestFailure('conflict', `There is another budget "${request.id}": revise that, or choose another id.`);
}
