import type { NatsConnection } from '@nats-io/transport-node';
import { getPriceBook } from '#contracts/requests/prices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { type CompiledPriceBook, compilePriceBook } from '#rating/compile-price-book.js';
import { askSource } from './ask-source.js';

/** Undefined when no such book was ever published. */
export type FindPriceBook = (version: string) => Promise<CompiledPriceBook | undefined>;

/** Books of pricing, each asked for once: a book never changes. That one is unknown is remembered by the run alone. */
export function findPriceBookIn(connection: NatsConnection): FindPriceBook {
  const asked = new Map<string, Promise<CompiledPriceBook | undefined>>();
  return (version) => {
    const found = asked.get(version) ?? askFor(connection, version);
    asked.set(version, found);
    return found;
  };
}

async function askFor(connection: NatsConnection, version: string): Promise<CompiledPriceBook | undefined> {
  try {
    return compilePriceBook(await askSource(connection, getPriceBook, { version }));
  } catch (error) {
    if (error instanceof RequestFailure && error.code === 'not_found') return undefined;
    throw error;
  }
}
