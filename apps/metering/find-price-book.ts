import type { KV } from '@nats-io/kv';
import { priceBook, priceBookEntry } from '#contracts/price-book.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { FindPriceBook } from './load-price-books.js';

/** What a bucket takes as the name of an entry. A version of other characters cannot have been published. */
const ENTRY_NAME = /^[-/=.\w]+$/;

/** Published price books, from bucket `prices`. */
export function findPriceBookIn(bucket: KV): FindPriceBook {
  return async (version) => {
    const name = priceBookEntry(version);
    if (!ENTRY_NAME.test(name) || name.endsWith('.')) return undefined;
    const entry = await bucket.get(name).catch((error: unknown) => {
      throw new RequestFailure('unavailable', `Price book ${version} cannot be read from NATS now.`, { cause: error });
    });
    return entry === null ? undefined : priceBook.parse(entry.json());
  };
}
