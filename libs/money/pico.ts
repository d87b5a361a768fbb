import { Decimal } from 'decimal.js';

/** An exact amount: an integer count of 10⁻¹² of a currency's main unit. The hot path adds and multiplies these only. */
export type Pico = bigint;

/** An ISO 4217 code in capitals, such as `USD`. */
export type Currency = string;

const PICO_DIGITS = 12;
const PICO_PER_UNIT = 10n ** BigInt(PICO_DIGITS);

/** The largest amount that every engine in the house holds exactly: 10¹⁵ main units. */
export const MAX_PICO: Pico = 10n ** 15n * PICO_PER_UNIT;

export class AmountError extends Error {
  override readonly name = 'AmountError';
}

// decimal.js rounds to its precision: 40 digits hold 10¹⁵ main units to 10⁻¹² with room to notice an excess.
const Exact = Decimal.clone({ precision: 60, toExpNeg: -40, toExpPos: 40 });

/**
 * Reads a decimal string of main units (`"0.000012"`), exactly.
 * @throws AmountError when it is not a number, has more than 12 decimals or exceeds 10¹⁵: nothing is rounded here.
 */
export function parseAmount(text: string): Pico {
  if (!/^-?\d{1,16}(\.\d+)?$/.test(text)) {
    throw new AmountError(`"${text.slice(0, 40)}" is not an amount: write main units as a decimal, such as "12.50".`);
  }
  const pico = new Exact(text).times(PICO_PER_UNIT.toString());
  if (!pico.isInteger())
    throw new AmountError(`${text} has more than ${PICO_DIGITS} decimals: it cannot be held exactly.`);
  return checkedAmount(BigInt(pico.toFixed(0)));
}

/** Writes an amount as a decimal string of main units without trailing zeros: `200n` → `"0.0000000002"`. */
export function formatAmount(amount: Pico): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(PICO_DIGITS + 1, '0');
  const whole = digits.slice(0, -PICO_DIGITS);
  const fraction = digits.slice(-PICO_DIGITS).replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/**
 * A price per million units as the integer price of one unit.
 * @throws AmountError when one unit is not a whole number of pico, that is with more than 6 decimals per million.
 */
export function unitPriceFromPerMillion(perMillion: string): Pico {
  const pico = parseAmount(perMillion);
  if (pico % 1_000_000n !== 0n) {
    throw new AmountError(
      `${perMillion} per million has more than 6 decimals: one unit would not be a whole number of pico.`,
    );
  }
  return pico / 1_000_000n;
}

/** @throws AmountError beyond 10¹⁵ main units either way. */
export function checkedAmount(amount: Pico): Pico {
  if (amount > MAX_PICO || amount < -MAX_PICO)
    throw new AmountError(`${formatAmount(amount)} is beyond 10^15 main units.`);
  return amount;
}
