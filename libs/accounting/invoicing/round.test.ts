import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { minorUnitDecimals, minorUnitOf } from './minor-units.js';
import { distribute, roundRatio, roundTo } from './round.js';

const amount = fc.bigInt(-(10n ** 30n), 10n ** 30n);
const unit = fc.constantFrom(1n, 10n ** 8n, 10n ** 9n, 10n ** 10n, 10n ** 12n);

it('rounds to the nearest minor unit, and a half to the even one', () => {
  const cent = minorUnitOf('USD');
  const cents = (thousandths: bigint) => roundTo(cent, thousandths * 10n ** 9n) / cent;
  expect([4n, 5n, 6n, 15n, 25n, -5n, -15n, -25n, -26n].map(cents)).toEqual([0n, 0n, 1n, 2n, 2n, 0n, -2n, -2n, -3n]);
  expect(roundTo(minorUnitOf('JPY'), 1_500_000_000_000n)).toBe(2_000_000_000_000n);
  expect(roundTo(minorUnitOf('KWD'), 1_000_500_000n)).toBe(1_000_000_000n);
});

it('knows the decimals of ISO 4217 and refuses what cannot be paid', () => {
  expect(['USD', 'EUR', 'JPY', 'KRW', 'KWD', 'CLF', 'ISK', 'XAF'].map(minorUnitDecimals)).toEqual([
    ...[2, 2, 0, 0, 3, 4, 0, 0],
  ]);
  for (const none of ['XAU', 'XXX', 'XTS', 'ABC']) expect(() => minorUnitDecimals(none)).toThrow(/no minor unit/);
});

it('is off by at most half a unit, the same both ways, and exact where nothing is to round', () => {
  fc.assert(
    fc.property(unit, amount, fc.bigInt(1n, 10n ** 20n), (unit, amount, denominator) => {
      const rounded = roundRatio(unit, amount, denominator);
      const twiceOff = 2n * (rounded * denominator - amount);
      expect(rounded % unit).toBe(0n);
      expect(twiceOff <= unit * denominator && twiceOff >= -unit * denominator).toBe(true);
      expect(roundRatio(unit, -amount, denominator)).toBe(-rounded);
      expect(roundTo(unit, rounded)).toBe(rounded);
    }),
  );
});

it('distributes all of an amount, each part within one unit of its share', () => {
  const weights = fc
    .array(fc.bigInt(0n, 10n ** 20n), { minLength: 1, maxLength: 8 })
    .filter((all) => all.some((weight) => weight > 0n));
  fc.assert(
    fc.property(unit, fc.bigInt(-(10n ** 15n), 10n ** 15n), weights, (unit, units, weights) => {
      const parts = distribute(units * unit, weights, unit);
      const total = weights.reduce((sum, weight) => sum + weight, 0n);
      expect(parts.reduce((sum, part) => sum + part, 0n)).toBe(units * unit);
      for (const [index, part] of parts.entries()) {
        const off = part * total - units * unit * (weights[index] ?? 0n);
        expect(off < unit * total && off > -unit * total).toBe(true);
        expect(part % unit).toBe(0n);
      }
    }),
  );
});
