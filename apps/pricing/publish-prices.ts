import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import { type currentPrices, currentPricesEntry, type PriceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets } from '#contracts/streams.js';

/** Puts every book into the bucket `prices`, and then names the current one: no relay pins a book that is not there. */
export async function publishPrices(
  connection: NatsConnection,
  books: readonly PriceBook[],
  current: string,
): Promise<void> {
  const bucket = await new Kvm(connection).open(buckets.prices);
  for (const book of books) {
    const entry = priceBookEntry(book.version);
    if ((await bucket.get(entry)) === null) await bucket.put(entry, JSON.stringify(book));
  }
  await bucket.put(currentPricesEntry, JSON.stringify({ version: current } satisfies z.infer<typeof currentPrices>));
}
