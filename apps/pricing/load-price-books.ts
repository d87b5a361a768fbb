import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type PriceBook, priceBook } from '#contracts/price-book.js';
import { PriceBookError } from '#rating/compile-price-book.js';
import { priceVersion } from './price-book/compile-price-sheets.js';

const row = z.object({ version: z.string(), published_at: z.date(), tariffs: z.unknown() });

/**
 * The stored books, oldest first, but those already known.
 * @throws PriceBookError when a book does not hold what its version names: someone got past the database's guards.
 */
export async function loadPriceBooks(source: DataSource, known: readonly string[]): Promise<PriceBook[]> {
  const rows = z
    .array(row)
    .parse(
      await source.query(
        'SELECT version, published_at, tariffs FROM price_book WHERE version <> ALL ($1) ORDER BY published_at, version',
        [known],
      ),
    );
  return rows.map(({ version, published_at: publishedAt, tariffs }) => {
    const book = priceBook.parse({ version, publishedAt: publishedAt.toISOString(), tariffs });
    const named = priceVersion(version.slice(0, 'YYYY-MM-DD'.length), book.tariffs);
    if (named !== version) {
      throw new PriceBookError(`Stored price book ${version} holds the content of ${named}: restore it from a backup.`);
    }
    return book;
  });
}
