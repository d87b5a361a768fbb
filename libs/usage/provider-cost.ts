import { countIn, nameIn, type Note } from './count.js';
import { asObject, type JsonObject } from './json.js';
import type { Usage } from './usage.js';

/** xAI counts its charge in ticks. 1 USD = 10^10 ticks. https://docs.x.ai/docs/api-reference */
const TICK_DECIMALS = 10;

/** What an amount in an event may have: see libs/contracts and libs/money. */
const MAX_DECIMALS = 12;
const MAX_WHOLE_DIGITS = 15;

/**
 * The charge that the provider itself states in its usage object, in main units.
 * OpenRouter: `cost`, in credits of one dollar (https://openrouter.ai/docs/use-cases/usage-accounting).
 * Perplexity: `cost.total_cost`. xAI: `cost_in_usd_ticks`.
 */
export function providerCostIn(usage: JsonObject, note: Note): NonNullable<Usage['providerCost']> | undefined {
  const ticks = countIn(usage, 'cost_in_usd_ticks', note);
  if (ticks !== undefined) return { amount: fromTicks(ticks), currency: 'USD' };
  const breakdown = asObject(usage['cost']);
  const stated = breakdown === undefined ? creditsIn(usage) : breakdown['total_cost'];
  if (stated === undefined || stated === null) return undefined;
  const amount = amountOf(stated);
  if (amount === undefined) {
    note(
      'cost_invalid',
      `The stated cost is ${JSON.stringify(stated).slice(0, 40)}: no amount of at most 12 decimals.`,
    );
    return undefined;
  }
  const currency = nameIn(breakdown, 'currency', note) ?? 'USD';
  if (/^[A-Z]{3}$/.test(currency)) return { amount, currency };
  note('cost_invalid', 'The currency of the stated cost is no ISO 4217 code.');
  return undefined;
}

/** A bare `cost` has a currency only in OpenRouter's shape: what a gateway of another make means by it is not known. */
function creditsIn(usage: JsonObject): unknown {
  return 'is_byok' in usage || 'cost_details' in usage ? usage['cost'] : undefined;
}

function fromTicks(ticks: number): string {
  const digits = String(ticks).padStart(TICK_DECIMALS + 1, '0');
  return withoutTrailingZeros(digits.slice(0, -TICK_DECIMALS), digits.slice(-TICK_DECIMALS));
}

/** The number as its shortest text has it, without an exponent: no arithmetic touches it. */
export function amountOf(stated: unknown): string | undefined {
  if (typeof stated !== 'number') return undefined;
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(stated));
  if (match === null) return undefined;
  const [, whole = '', fraction = '', exponent = '0'] = match;
  const shift = Number(exponent);
  // An exponent beyond these has no amount that fits, and need not be written out.
  if (Math.abs(shift) > MAX_DECIMALS + MAX_WHOLE_DIGITS) return undefined;
  const padded = '0'.repeat(Math.max(0, -shift)) + whole + fraction + '0'.repeat(Math.max(0, shift));
  const point = Math.max(0, -shift) + whole.length + shift;
  const amount = withoutTrailingZeros(padded.slice(0, point).replace(/^0+(?=\d)/, ''), padded.slice(point));
  const [wholeDigits = '', decimals = ''] = amount.split('.');
  return wholeDigits.length > MAX_WHOLE_DIGITS || decimals.length > MAX_DECIMALS ? undefined : amount;
}

function withoutTrailingZeros(whole: string, fraction: string): string {
  const kept = fraction.replace(/0+$/, '');
  return kept === '' ? whole : `${whole}.${kept}`;
}
