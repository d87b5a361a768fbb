import { Decimal } from 'decimal.js';
import { countIn, nameIn, type Note } from './count.js';
import { asObject, type JsonObject } from './json.js';
import type { Usage } from './usage.js';

/** xAI counts its charge in ticks. 1 USD = 10^10 ticks. https://docs.x.ai/docs/api-reference */
const TICKS_PER_USD = 10 ** 10;

/** What an amount in an event may have: see libs/contracts and libs/money. */
const MAX_DECIMALS = 12;
const MAX_AMOUNT = new Decimal('1e15');

/**
 * The charge that the provider itself states in its usage object, in main units.
 * OpenRouter: `cost`, in credits of one dollar (https://openrouter.ai/docs/use-cases/usage-accounting).
 * Perplexity: `cost.total_cost`. xAI: `cost_in_usd_ticks`.
 */
export function providerCostIn(usage: JsonObject, note: Note): NonNullable<Usage['providerCost']> | undefined {
  const ticks = countIn(usage, 'cost_in_usd_ticks', note);
  if (ticks !== undefined) return { amount: new Decimal(ticks).div(TICKS_PER_USD).toFixed(), currency: 'USD' };
  const breakdown = asObject(usage['cost']);
  const stated = breakdown === undefined ? creditsIn(usage) : breakdown['total_cost'];
  if (stated === undefined || stated === null) return undefined;
  const amount = amountOf(stated, note);
  if (amount === undefined) {
    note('cost_invalid', `The stated cost is ${JSON.stringify(stated).slice(0, 40)}: no amount below 10^15.`);
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

/** The number as its text has it: no binary arithmetic touches it. Absent when it is no amount that an event can carry. */
export function amountOf(stated: unknown, note: Note): string | undefined {
  if (typeof stated !== 'number' || !Number.isFinite(stated) || stated < 0) return undefined;
  const exact = new Decimal(String(stated));
  if (exact.gte(MAX_AMOUNT)) return undefined;
  const amount = exact.toDecimalPlaces(MAX_DECIMALS, Decimal.ROUND_HALF_EVEN);
  if (!amount.eq(exact)) note('cost_rounded', `The stated cost ${exact.toFixed()} is rounded to ${amount.toFixed()}.`);
  return amount.toFixed();
}
