import type { ChargeData, ChargeEvent } from '#contracts/charge.js';
import { dataHash } from '#contracts/cloud-event.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { rateUsage } from '#rating/rate-usage.js';
import { totalQuantity } from '#rating/total-quantity.js';
import { writeRating } from '#rating/write-rating.js';
import { billedModel } from '#usage/usage.js';

/**
 * The one charge of a usage event, under the same id, whatever became of it: an event without a charge would be lost quietly.
 * Nothing but the event and its place in the log goes in, so a redelivery gives the same bytes.
 */
export function chargeUsage(
  { event, position }: Delivered<UsageEvent>,
  book: CompiledPriceBook | undefined,
): ChargeEvent {
  const { data: attempt } = event;
  const data: ChargeData = {
    usageHash: event.datahash,
    position,
    effectiveAt: event.time,
    requestId: attempt.requestId,
    teamId: attempt.teamId,
    projectId: attempt.projectId,
    keyId: attempt.keyId,
    channelId: attempt.channelId,
    ...(attempt.leaseId === undefined ? {} : { leaseId: attempt.leaseId }),
    provider: attempt.usage.provider,
    model: billedModel(attempt.usage),
    priceVersion: attempt.priceVersion,
    quantity: totalQuantity(attempt.usage).toString(),
    rating: writeRating(rateUsage(attempt, book)),
  };
  return {
    specversion: '1.0',
    id: event.id,
    source: 'tollgate/pricing',
    type: 'tollgate.charge.v1',
    time: event.time,
    datacontenttype: 'application/json',
    org: event.org,
    datahash: dataHash(data),
    data,
  };
}
