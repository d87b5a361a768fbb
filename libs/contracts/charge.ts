import { z } from 'zod';
import {
  amount,
  cloudEvent,
  count,
  currency,
  eventTime,
  identifier,
  logPosition,
  name,
  sha256Hex,
  text,
} from '#contracts/cloud-event.js';

/** One priced quantity: amount = quantity × unitPrice, exactly. */
export const chargeLine = z.object({
  model: text(256),
  /** Flat name of a usage quantity, such as `in.cacheRead.text`. */
  dimension: text(64),
  quantity: count,
  unitPrice: amount,
  amount,
});
export type ChargeLine = z.infer<typeof chargeLine>;

/** Why an accepted event is not charged now: each code says what a person has to do. */
export const suspensionReason = z.object({
  code: z.enum([
    'price_missing',
    'dimension_unpriced',
    'price_version_unknown',
    'usage_missing',
    'usage_partial',
    'usage_estimated',
    'amount_out_of_range',
  ]),
  detail: text(512),
});
export const voidReason = z.object({
  /**
   * upstream_error: the upstream refused or failed, gave no usage, and bills nothing. nothing_used: all that was counted is 0,
   * of a model without a price, such as OpenAI's moderations.
   */
  code: z.enum(['upstream_error', 'not_sent', 'nothing_used']),
  detail: text(512),
});

/** What pricing decided about one usage event. Absent amounts are unknown, not zero. */
export const rating = z.discriminatedUnion('status', [
  z.object({ status: z.literal('charged'), currency, amount, cost: amount, lines: z.array(chargeLine) }),
  z.object({ status: z.literal('suspended'), reason: suspensionReason }),
  z.object({ status: z.literal('voided'), reason: voidReason }),
]);
export type Rating = z.infer<typeof rating>;

export const chargeData = z.object({
  /** The `datahash` of the usage event: the ledger books an (org, event id) once, and quarantines another hash. */
  usageHash: sha256Hex,
  /** Where the usage event stands on USAGE. */
  position: logPosition,
  effectiveAt: eventTime,
  requestId: identifier,
  teamId: identifier,
  projectId: identifier,
  keyId: identifier,
  channelId: identifier,
  /** The lease under which the attempt was admitted; absent when none was. */
  leaseId: identifier.exactOptional(),
  provider: name(64),
  /** The model served, else the one asked for: what spend is grouped by. */
  model: name(256),
  priceVersion: name(64),
  /** Σ of every quantity of the usage record, tokens and units alike, priced or not: what reconciliation counts. */
  quantity: z.string().regex(/^\d{1,38}$/, 'a whole number in decimal'),
  rating,
});
export type ChargeData = z.infer<typeof chargeData>;

/** On CHARGES, in batches. The id is the usage event's id. */
export const chargeEvent = cloudEvent('tollgate.charge.v1', chargeData);
export type ChargeEvent = z.infer<typeof chargeEvent>;
