import { segmentQuantities, unitQuantities, type Usage } from '#usage/usage.js';

/** Σ of every quantity of the usage record, tokens and units alike, priced or not: what reconciliation counts. */
export function totalQuantity(usage: Usage): bigint {
  let total = 0n;
  for (const segment of usage.segments) {
    for (const { quantity } of segmentQuantities(segment)) total += BigInt(quantity);
  }
  for (const { quantity } of unitQuantities(usage)) total += BigInt(quantity);
  return total;
}
