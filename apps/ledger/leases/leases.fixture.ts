import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { BudgetState, createBudget } from '#contracts/requests/budgets.js';
import type { lease } from '#contracts/requests/leases.js';
import { parseAmount, type Pico } from '#money/pico.js';
import { addBudget } from '../budgets/create-budget.js';
import { bookCharges } from '../book-charges.js';
import { type ChargeSketch, deliveredCharge } from '../charge-event.fixture.js';
import { topUpWallet } from '../top-up.js';

type LeaseRequest = z.infer<typeof lease.request>;
type BudgetRequest = z.infer<typeof createBudget.request>;

let ids = 0;
/** Another id each time. */
export const anId = (what: string) => `${what}-${(ids += 1)}`;

/** One main unit in pico. */
export const unit = 10n ** 12n;

/** On the path of the example charges. */
export function leaseRequest(sketch: Partial<LeaseRequest> & Pick<LeaseRequest, 'orgId' | 'amount'>): LeaseRequest {
  return {
    leaseId: anId('lease'),
    relayId: 'relay-1',
    teamId: 'research',
    projectId: 'search',
    keyId: 'key-1',
    currency: 'USD',
    ttlSeconds: 300,
    ...sketch,
  };
}

export function budgetRequest(sketch: Partial<BudgetRequest> & Pick<BudgetRequest, 'orgId' | 'amount'>): BudgetRequest {
  return {
    id: anId('budget'),
    scope: 'organisation',
    scopeId: sketch.orgId,
    currency: 'USD',
    period: 'month',
    timeZone: 'UTC',
    enforcement: 'hard',
    thresholds: [50, 80, 100],
    ...sketch,
  };
}

export const createBudgetNow = (source: DataSource, request: BudgetRequest): Promise<BudgetState> =>
  addBudget(source, request, new Date());

export const topUp = (source: DataSource, orgId: string, amount: string, more: { wallet?: string } = {}) =>
  topUpWallet(source, { orgId, currency: 'USD', amount, idempotencyKey: anId('payment'), ...more });

/** Books a charge that happened now, for an amount in main units. */
export const book = (source: DataSource, org: string, amount: string, sketch: Partial<ChargeSketch> = {}) =>
  bookCharges(source, [
    deliveredCharge({
      org,
      id: anId('event'),
      amount: parseAmount(amount),
      effectiveAt: new Date().toISOString(),
      ...sketch,
    }),
  ]);

/** Makes a lease's time pass. */
export const letExpire = (source: DataSource, orgId: string, leaseId: string) =>
  source.query("UPDATE lease SET expires_at = now() - interval '1 second' WHERE (org_id, id) = ($1, $2)", [
    orgId,
    leaseId,
  ]);

/** What the default wallet has and open leases hold of it, in one snapshot. */
export async function walletAndHolds(source: DataSource, orgId: string): Promise<{ money: Pico; held: Pico }> {
  const [row] = await source.query<{ money: string; held: string }[]>(
    `SELECT
       (SELECT coalesce(sum(credits - debits), 0) FROM balance JOIN account a ON a.id = account_id
        WHERE a.org_id = $1 AND a.name = 'customer-wallet' AND a.currency = 'USD') AS money,
       (SELECT coalesce(sum(amount - used), 0) FROM lease
        WHERE org_id = $1 AND amount > used AND expires_at > clock_timestamp()) AS held`,
    [orgId],
  );
  return { money: BigInt(row?.money ?? 0), held: BigInt(row?.held ?? 0) };
}
