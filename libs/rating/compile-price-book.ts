import type { PriceBook, Tariff } from '#contracts/price-book.js';
import { type Currency, type Pico, parseAmount } from '#money/pico.js';

/** A price book as a look-up, made once and used for every event that names its version. */
export interface CompiledPriceBook {
  readonly version: string;
  readonly tariffs: ReadonlyMap<string, CompiledTariff>;
}

export interface CompiledTariff {
  readonly currency: Currency;
  /** By service tier; each from the highest size of input to the lowest, so the first that fits is the one. */
  readonly rates: ReadonlyMap<string, readonly CompiledRate[]>;
}

export interface CompiledRate {
  readonly aboveInputTokens: number;
  /** Flat dimension → price of one unit. */
  readonly unitPrices: ReadonlyMap<string, Pico>;
}

export class PriceBookError extends Error {
  override readonly name = 'PriceBookError';
}

// A space cannot be mistaken for part of a provider's name, so two pairs never share a key.
const tariffName = (provider: string, model: string) => `${provider} ${model}`;

/** @throws PriceBookError when two tariffs, or two rates of one, claim the same usage: the price would depend on their order. */
export function compilePriceBook(book: PriceBook): CompiledPriceBook {
  const tariffs = new Map<string, CompiledTariff>();
  for (const tariff of book.tariffs) {
    const compiled = compileTariff(tariff);
    for (const model of tariff.models) {
      const name = tariffName(tariff.provider, model);
      if (tariffs.has(name)) throw new PriceBookError(`Price book ${book.version} prices ${name} twice: keep one.`);
      tariffs.set(name, compiled);
    }
  }
  return { version: book.version, tariffs };
}

export function findTariff(book: CompiledPriceBook, provider: string, model: string): CompiledTariff | undefined {
  return book.tariffs.get(tariffName(provider, model));
}

/**
 * The rate for a whole segment: a cliff, not a marginal price. A rate above 0 tokens is the base, also for no tokens at all.
 * @param inputTokens Σ in of the segment, cache reads and writes included.
 */
export function findRate(tariff: CompiledTariff, tier: string, inputTokens: number): CompiledRate | undefined {
  return tariff.rates.get(tier)?.find((rate) => rate.aboveInputTokens === 0 || rate.aboveInputTokens < inputTokens);
}

function compileTariff(tariff: Tariff): CompiledTariff {
  const rates = new Map<string, CompiledRate[]>();
  for (const { tier, aboveInputTokens, unitPrices } of tariff.rates) {
    const ofTier = rates.get(tier) ?? [];
    if (ofTier.some((rate) => rate.aboveInputTokens === aboveInputTokens)) {
      throw new PriceBookError(`${tariff.models[0]} has two ${tier} rates above ${aboveInputTokens} tokens: keep one.`);
    }
    ofTier.push({ aboveInputTokens, unitPrices: parsePrices(tariff, unitPrices) });
    rates.set(tier, ofTier);
  }
  for (const ofTier of rates.values()) ofTier.sort((a, b) => b.aboveInputTokens - a.aboveInputTokens);
  return { currency: tariff.currency, rates };
}

function parsePrices(tariff: Tariff, unitPrices: Readonly<Record<string, string>>): Map<string, Pico> {
  const prices = new Map<string, Pico>();
  for (const [dimension, price] of Object.entries(unitPrices)) {
    const pico = parseAmount(price);
    if (pico < 0n) throw new PriceBookError(`${tariff.models[0]} has a negative price for ${dimension}.`);
    prices.set(dimension, pico);
  }
  return prices;
}
