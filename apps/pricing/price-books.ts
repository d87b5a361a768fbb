import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { PriceBook } from '#contracts/price-book.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { type CompiledPriceBook, compilePriceBook } from '#rating/compile-price-book.js';
import { loadPriceBooks } from './load-price-books.js';
import { listPrices } from './price-book/list-prices.js';
import { publishPrices } from './publish-prices.js';
import { storePriceBook } from './store-price-book.js';

interface KnownBook {
  readonly book: PriceBook;
  readonly compiled: CompiledPriceBook;
}

/** Every price book ever published, in memory: rating needs Postgres only for a version that it has never seen. */
@Injectable()
export class PriceBooks implements OnModuleInit {
  readonly current = listPrices();
  readonly #known = new Map<string, KnownBook>();

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
  ) {}

  /** Before the first event is taken: a book is stored, then published, and only then current. */
  async onModuleInit(): Promise<void> {
    await storePriceBook(this.source, this.current);
    await this.#learn();
    await publishPrices(this.connection, this.all(), this.current.version);
  }

  all(): PriceBook[] {
    return [...this.#known.values()].map(({ book }) => book);
  }

  /** @throws when the version is new and Postgres cannot be asked: not knowing is no reason to suspend. */
  async find(version: string): Promise<KnownBook | undefined> {
    if (!this.#known.has(version)) await this.#learn();
    return this.#known.get(version);
  }

  /** Another instance of a newer release may have published since. */
  async #learn(): Promise<void> {
    for (const book of await loadPriceBooks(this.source, [...this.#known.keys()])) {
      this.#known.set(book.version, { book, compiled: compilePriceBook(book) });
    }
  }
}
