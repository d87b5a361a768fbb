import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { priceBook } from '#contracts/price-book.js';
import { getPriceBook, listPriceBooks } from '#contracts/requests/prices.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { list, listOf } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';

const shownBook = listPriceBooks.reply.shape.books.element
  .extend({ current: z.boolean().describe('New attempts are priced from this one.') })
  .meta({ id: 'PriceBookSummary' });
const bookPath = z.object({ version: z.string().min(1).max(64) });

@ApiTags('prices')
@Controller('v1/price-books')
export class PriceBooksController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get()
  @Operation({ summary: 'List price books', access: 'any-token', answer: listOf(shownBook) })
  async listPriceBooks() {
    const { current, books } = await ask(this.nats, listPriceBooks, {});
    return list(books.map((book) => ({ ...book, current: book.version === current })));
  }

  @Get(':version')
  @Operation({ summary: 'Show a price book', access: 'any-token', answer: priceBook, refuses: [400, 404] })
  getPriceBook(@Param({ schema: bookPath }) { version }: z.infer<typeof bookPath>) {
    return ask(this.nats, getPriceBook, { version });
  }
}
