import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountError, formatAmount, MAX_PICO, parseAmount, unitPriceFromPerMillion } from '#money/pico.js';

describe('amounts', () => {
  it('are read exactly to the last of 12 decimals', () => {
    expect(parseAmount('0.000000000001')).toBe(1n);
    expect(parseAmount('1000000000000000')).toBe(MAX_PICO);
    expect(parseAmount('-12.5')).toBe(-12_500_000_000_000n);
  });

  it.each([
    '',
    'NaN',
    'Infinity',
    '1e3',
    '0x10',
    ' 1',
    '1.',
    '.5',
    '1,5',
    '0.0000000000001',
    '1000000000000000.000000000001',
  ])('refuses %j', (text) => {
    expect(() => parseAmount(text)).toThrow(AmountError);
  });

  it('survive writing and reading back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -MAX_PICO, max: MAX_PICO }), (amount) => {
        expect(parseAmount(formatAmount(amount))).toBe(amount);
      }),
    );
  });

  it('price one unit exactly from a price per million', () => {
    expect(unitPriceFromPerMillion('0.02')).toBe(20_000n);
    expect(() => unitPriceFromPerMillion('0.0000001')).toThrow(AmountError);
  });
});
