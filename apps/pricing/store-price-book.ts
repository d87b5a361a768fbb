import type { DataSource } from 'typeorm';
import type { PriceBook } from '#contracts/price-book.js';

/** Stores a book under its version, once: the version names the content, so the same version is the same book. */
export async function storePriceBook(source: DataSource, book: PriceBook): Promise<void> {
  await source.query(
    'INSERT INTO price_book (version, published_at, tariffs) VALUES ($1, $2, $3) ON CONFLICT (version) DO NOTHING',
    [book.version, book.publishedAt, JSON.stringify(book.tariffs)],
  );
}
