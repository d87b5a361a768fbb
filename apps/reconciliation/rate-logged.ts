import type { UsageEvent } from '#contracts/usage-event.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { rateUsage } from '#rating/rate-usage.js';
import { totalQuantity } from '#rating/total-quantity.js';
import { billedModel } from '#usage/usage.js';
import type { LoggedEvent } from './cells.js';

/** What every source should hold of an event: rated anew, with the price book that it was pinned to. */
export function rateLogged(event: UsageEvent, book: CompiledPriceBook | undefined): LoggedEvent {
  const { usage } = event.data;
  const rated = rateUsage(event.data, book);
  return {
    scope: { orgId: event.org, hour: hourOf(event.time), model: billedModel(usage) },
    eventId: event.id,
    usageHash: event.datahash,
    status: rated.status,
    quantity: totalQuantity(usage),
    ...(rated.status === 'charged'
      ? { money: { currency: rated.currency, amount: rated.amount, cost: rated.cost } }
      : {}),
  };
}

/** Instants of the contracts are in UTC, so the hour is a prefix. */
function hourOf(instant: string): string {
  return `${instant.slice(0, 'YYYY-MM-DDTHH'.length)}:00:00.000Z`;
}
