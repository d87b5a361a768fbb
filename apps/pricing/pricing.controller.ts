import type { JetStreamClient } from '@nats-io/jetstream';
import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { PriceBook } from '#contracts/price-book.js';
import { getPriceBook, listPriceBooks } from '#contracts/requests/prices.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { Answers, ConsumesEvents, type Delivered } from '#jetstream/handlers.js';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { chargeUsage } from './charge-usage.js';
import { PriceBooks } from './price-books.js';
import { publishCharges } from './publish-charges.js';

@Controller()
export class PricingController {
  constructor(
    @Inject(PriceBooks) private readonly books: PriceBooks,
    @Inject(JETSTREAM) private readonly js: JetStreamClient,
  ) {}

  @ConsumesEvents({ stream: 'usage', consumer: 'pricing', maxEvents: 5000, maxWaitMs: 20 })
  async charge(deliveries: readonly Delivered<UsageEvent>[]): Promise<readonly never[]> {
    const versions = new Set(deliveries.map(({ event }) => event.data.priceVersion));
    const books = new Map<string, CompiledPriceBook | undefined>();
    for (const version of versions) books.set(version, (await this.books.find(version))?.compiled);
    const charges = deliveries.map((delivered) => chargeUsage(delivered, books.get(delivered.event.data.priceVersion)));
    await publishCharges(this.js, charges);
    return [];
  }

  @Answers(listPriceBooks)
  list(): Promise<z.input<typeof listPriceBooks.reply>> {
    const books = this.books.all().map(({ version, publishedAt, tariffs }) => ({
      version,
      publishedAt,
      tariffs: tariffs.length,
    }));
    return Promise.resolve({ current: this.books.current.version, books });
  }

  @Answers(getPriceBook)
  async get({ version }: { version: string }): Promise<PriceBook> {
    const known = await this.books.find(version);
    if (known === undefined) throw new RequestFailure('not_found', `There is no price book ${version}.`);
    return known.book;
  }
}
