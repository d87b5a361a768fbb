import type { PriceBook, Tariff } from '#contracts/price-book.js';
import { dataHash } from '#contracts/cloud-event.js';
import { formatAmount, parseAmount, type Pico, unitPriceFromPerMillion } from '#money/pico.js';
import { PriceBookError } from '#rating/compile-price-book.js';
import type { PricedModel, PricedRate, PriceSheet } from './price-sheet.js';

/**
 * What people wrote as the price book that machines rate with: prices of one unit, exact to 10⁻¹².
 * @param date the day (UTC) from which these prices are in force.
 * @throws PriceBookError or AmountError when a price cannot be held exactly or a column means nothing.
 */
export function compilePriceSheets(sheets: readonly PriceSheet[], date: string): PriceBook {
  const tariffs = sheets.flatMap((sheet) => sheet.models.map((model) => tariffOf(sheet, model)));
  return { version: priceVersion(date, tariffs), publishedAt: `${date}T00:00:00.000Z`, tariffs };
}

/** Names the content: other prices can never have the same version. */
export function priceVersion(date: string, tariffs: readonly Tariff[]): string {
  return `${date}-${dataHash(tariffs).slice(0, 8)}`;
}

function tariffOf(sheet: PriceSheet, model: PricedModel): Tariff {
  const units = unitPrices(model);
  return {
    provider: sheet.provider,
    models: [...model.names],
    currency: sheet.currency,
    source: sheet.source,
    checkedOn: sheet.checkedOn,
    rates: everyRate(model).map(({ tier, aboveInputTokens, perMillion }) => ({
      tier,
      aboveInputTokens,
      unitPrices: perMillion === undefined ? {} : { ...tokenPrices(sheet, perMillion), ...units },
    })),
  };
}

/**
 * A tier that does not say what a long input costs has no price for it, where another tier of the model says that long
 * inputs are special: an empty rate keeps them from being billed at the price of short ones.
 */
function everyRate(model: PricedModel) {
  const tierOf = (rate: PricedRate) => rate.tier ?? 'standard';
  const sizeOf = (rate: PricedRate) => rate.aboveInputTokens ?? 0;
  const tiers = [...new Set(model.rates.map(tierOf))];
  const sizes = [...new Set(model.rates.map(sizeOf))];
  return tiers.flatMap((tier) =>
    sizes.map((size) => {
      const priced = model.rates.find((rate) => tierOf(rate) === tier && sizeOf(rate) === size);
      return { tier, aboveInputTokens: size, perMillion: priced?.perMillion };
    }),
  );
}

function tokenPrices(sheet: PriceSheet, perMillion: Readonly<Record<string, string>>): Record<string, string> {
  const prices: Record<string, string> = {};
  for (const [column, price] of Object.entries(perMillion)) {
    const dimensions = sheet.columns[column];
    if (dimensions === undefined) throw new PriceBookError(`The ${sheet.provider} sheet has no column "${column}".`);
    for (const dimension of dimensions) prices[dimension] = formatAmount(unitPriceFromPerMillion(price));
  }
  return prices;
}

function unitPrices(model: PricedModel): Record<string, string> {
  return Object.fromEntries(
    Object.entries(model.perThousand ?? {}).map(([unit, price]) => [
      `units.${unit}`,
      formatAmount(unitPriceFromPerThousand(price)),
    ]),
  );
}

function unitPriceFromPerThousand(price: string): Pico {
  const pico = parseAmount(price);
  if (pico % 1000n !== 0n) throw new PriceBookError(`${price} per thousand is no whole number of pico per unit.`);
  return pico / 1000n;
}
