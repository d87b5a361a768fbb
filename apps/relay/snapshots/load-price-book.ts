import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { priceBookEntry } from '#contracts/price-book.js';
import { buckets } from '#contracts/streams.js';

/** A price book as it was published; undefined when there is none of the version. */
export async function loadPriceBook(connection: NatsConnection, version: string): Promise<unknown> {
  const bucket = await new Kvm(connection).open(buckets.prices);
  return (await bucket.get(priceBookEntry(version)))?.json();
}
