import type { Pico } from '#money/pico.js';

/** The multiple of `unit` that is nearest to the amount; of two equally near, the even one, so that halves do not add up. */
export function roundTo(unit: Pico, amount: Pico): Pico {
  return roundRatio(unit, amount, 1n);
}

/** The multiple of `unit` that is nearest to numerator ÷ denominator, rounded once, half to even. */
export function roundRatio(unit: Pico, numerator: bigint, denominator: bigint): Pico {
  if (unit <= 0n || denominator <= 0n) throw new RangeError('A unit and a denominator are above zero.');
  const divisor = denominator * unit;
  const negative = numerator < 0n;
  const dividend = negative ? -numerator : numerator;
  const quotient = dividend / divisor;
  const twice = (dividend % divisor) * 2n;
  const up = twice > divisor || (twice === divisor && quotient % 2n === 1n);
  const rounded = (up ? quotient + 1n : quotient) * unit;
  return negative ? -rounded : rounded;
}

/**
 * An amount in parts that are to each other as the weights, exactly: what the division leaves goes, unit by unit, to the
 * parts that lost most by it, the first of equal ones. Weights are not below zero, and one of them is above.
 */
export function distribute(amount: Pico, weights: readonly bigint[], unit: Pico = 1n): Pico[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0n);
  if (total <= 0n) throw new RangeError('An amount is distributed over weights that add up to more than zero.');
  if (amount % unit !== 0n) throw new RangeError('An amount is distributed in its own units.');
  const sign = amount < 0n ? -1n : 1n;
  const units = (amount * sign) / unit;
  const parts = weights.map((weight) => (units * weight) / total);
  const lost = weights.map((weight, index) => ({ index, rest: (units * weight) % total }));
  lost.sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest > b.rest ? -1 : 1));
  const left = Number(units - parts.reduce((sum, part) => sum + part, 0n));
  const extra = new Set(lost.slice(0, left).map(({ index }) => index));
  return parts.map((part, index) => (part + (extra.has(index) ? 1n : 0n)) * unit * sign);
}
