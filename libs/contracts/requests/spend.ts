import { z } from 'zod';
import { amount, count, currency, identifier, instant } from '#contracts/cloud-event.js';
import { requestContract } from '#contracts/requests/request.js';

export const spendDimension = z.enum(['team', 'project', 'key', 'model', 'provider']);
export type SpendDimension = z.infer<typeof spendDimension>;

export const spendRow = z.object({
  /** Start of the interval; absent when no interval was asked for. */
  start: instant.exactOptional(),
  teamId: z.string().exactOptional(),
  projectId: z.string().exactOptional(),
  keyId: z.string().exactOptional(),
  model: z.string().exactOptional(),
  provider: z.string().exactOptional(),
  /** Absent when the row holds no charge. */
  currency: currency.exactOptional(),
  charged: count,
  suspended: count,
  voided: count,
  inputTokens: count,
  outputTokens: count,
  /** Σ of charges to the customer, and of what the providers charge us; absent when nothing was charged. */
  amount: amount.exactOptional(),
  cost: amount.exactOptional(),
});
export type SpendRow = z.infer<typeof spendRow>;

/** Spend of an organisation from `from` (inclusive) to `to` (exclusive), grouped and optionally over time. */
export const spend = requestContract(
  'metering.v1.spend',
  z.object({
    orgId: identifier,
    from: instant.exactOptional(),
    to: instant.exactOptional(),
    groupBy: z.array(spendDimension).max(5),
    interval: z.enum(['hour', 'day', 'month']).exactOptional(),
  }),
  z.object({ rows: z.array(spendRow).max(10_000) }),
);
