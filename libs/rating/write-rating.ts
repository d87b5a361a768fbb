import type { Rating } from '#contracts/charge.js';
import { formatAmount } from '#money/pico.js';
import type { RatedUsage } from './rate-usage.js';

/** A rating as it travels: amounts as decimal strings of main units. */
export function writeRating(rated: RatedUsage): Rating {
  if (rated.status !== 'charged') return rated;
  return {
    status: 'charged',
    currency: rated.currency,
    amount: formatAmount(rated.amount),
    cost: formatAmount(rated.cost),
    lines: rated.lines.map((line) => ({
      ...line,
      unitPrice: formatAmount(line.unitPrice),
      amount: formatAmount(line.amount),
    })),
  };
}
