import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { priceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets } from '#contracts/streams.js';
import { type CompiledPriceBook, compilePriceBook } from '#rating/compile-price-book.js';

/** A price book as it was published; undefined when there is none of the version. */
export async function loadPriceBook(connection: NatsConnection, version: string): Promise<unknown> {
  const bucket = await new Kvm(connection).open(buckets.prices);
  return (await bucket.get(priceBookEntry(version)))?.json();
}

/** For what was opened at an earlier version; undefined when there is none of it that can be read. */
export async function earlierPriceBook(
  connection: NatsConnection,
  version: string,
): Promise<CompiledPriceBook | undefined> {
  const parsed = priceBook.safeParse(await loadPriceBook(connection, version));
  return parsed.success ? compilePriceBook(parsed.data) : undefined;
}
