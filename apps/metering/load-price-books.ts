import type { ClickHouse } from '#clickhouse/connect.js';
import type { PriceBook } from '#contracts/price-book.js';

/** Undefined when no such book was ever published. Throws when that cannot be known now. */
export type FindPriceBook = (version: string) => Promise<PriceBook | undefined>;

/**
 * Loads the price books of all usage events that are not in ClickHouse yet, each as a whole. A version that was never
 * published stays without rates: nobody can charge by it. Two calls at once may load a book twice, which changes
 * nothing, as of equal rates only one is taken.
 */
export async function loadPriceBooks(clickhouse: ClickHouse, findPriceBook: FindPriceBook): Promise<void> {
  const missing = await clickhouse.query<{ price_version: string }>(
    'SELECT DISTINCT price_version FROM usage_events WHERE price_version NOT IN (SELECT price_version FROM rates)',
  );
  for (const { price_version: version } of missing) {
    const book = await findPriceBook(version);
    if (book !== undefined) await clickhouse.insertRows('rates', rateRows(book));
  }
}

function rateRows(book: PriceBook): object[] {
  return book.tariffs.flatMap(({ provider, models, currency, rates }) =>
    models.flatMap((model) =>
      rates.map(({ tier, aboveInputTokens, unitPrices }) => ({
        price_version: book.version,
        provider,
        model,
        tier,
        above_input_tokens: aboveInputTokens,
        currency,
        unit_prices: unitPrices,
      })),
    ),
  );
}
