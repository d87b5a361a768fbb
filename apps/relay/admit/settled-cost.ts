import type { Currency, Pico } from '#money/pico.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { type Attempt, rateUsage } from '#rating/rate-usage.js';
import type { Cost } from './estimate-cost.js';

/**
 * What an attempt takes of the money held for it. An attempt that is not charged yet, because its usage is missing, partial
 * or estimated or has no price, keeps all that was held: who pays for it is decided later, and it was not free.
 */
export function settledCost(held: Cost, attempt: Attempt, book: CompiledPriceBook | undefined): Pico {
  return chargedCost(held.currency, attempt, book) ?? held.amount;
}

/** @returns undefined for an attempt that is not charged yet, or in another currency. */
export function chargedCost(
  currency: Currency,
  attempt: Attempt,
  book: CompiledPriceBook | undefined,
): Pico | undefined {
  const rated = rateUsage(attempt, book);
  switch (rated.status) {
    case 'charged':
      return rated.currency === currency ? rated.amount : undefined;
    case 'voided':
      return 0n;
    case 'suspended':
      return undefined;
  }
}
