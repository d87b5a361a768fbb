import { parseAmount, type Pico } from '#money/pico.js';
import { roundRatio } from './round.js';

export interface TaxRate {
  readonly jurisdiction: string;
  /** What the invoice calls it, such as `VAT`. */
  readonly name: string;
  /** A decimal of at most 12 places: 0.19 is 19 %. */
  readonly rate: string;
  /** exclusive: comes on top of prices. inclusive: prices contain it. */
  readonly mode: 'exclusive' | 'inclusive';
}

/** Rounded lines that the same rates hold for. */
export interface TaxBase {
  readonly rates: readonly TaxRate[];
  readonly amount: Pico;
}

export interface InvoiceTax extends TaxRate {
  /** Without any tax. */
  readonly base: Pico;
  readonly amount: Pico;
}

const one = 10n ** 12n;

/** Each rate's tax, rounded to the minor unit once for all lines that the same rates hold for. */
export function taxesOf(unit: Pico, bases: readonly TaxBase[]): InvoiceTax[] {
  const amounts = new Map<string, { rates: readonly TaxRate[]; amount: Pico }>();
  for (const { rates, amount } of bases) {
    const key = JSON.stringify(rates.map(({ jurisdiction, name, rate, mode }) => [jurisdiction, name, rate, mode]));
    amounts.set(key, { rates, amount: (amounts.get(key)?.amount ?? 0n) + amount });
  }
  return [...amounts.values()].flatMap(({ rates, amount }) => taxesOn(unit, rates, amount));
}

function taxesOn(unit: Pico, rates: readonly TaxRate[], gross: Pico): InvoiceTax[] {
  const contained = rates
    .filter(({ mode }) => mode === 'inclusive')
    .reduce((sum, { rate }) => sum + parseAmount(rate), 0n);
  const inclusive = (rate: string) => roundRatio(unit, gross * parseAmount(rate), one + contained);
  const base = rates
    .filter(({ mode }) => mode === 'inclusive')
    .reduce((rest, { rate }) => rest - inclusive(rate), gross);
  return rates.map((rate) => ({
    ...rate,
    base,
    amount: rate.mode === 'inclusive' ? inclusive(rate.rate) : roundRatio(unit, base * parseAmount(rate.rate), one),
  }));
}

export const sumOf = (taxes: readonly InvoiceTax[], mode?: TaxRate['mode']): Pico =>
  taxes.filter((tax) => mode === undefined || tax.mode === mode).reduce((sum, { amount }) => sum + amount, 0n);
