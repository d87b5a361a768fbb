import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Inject } from '@nestjs/common';
import type { z } from 'zod';
import type { ClickHouse } from '#clickhouse/connect.js';
import {
  clickhouseCells,
  clickhouseEvents,
  recomputedCells,
  recomputedEvents as recomputedEventsRequest,
} from '#contracts/requests/reconciliation.js';
import { spend } from '#contracts/requests/spend.js';
import { buckets } from '#contracts/streams.js';
import { Answers } from '#jetstream/handlers.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { chargedEvents } from './charged-events.js';
import { CLICKHOUSE } from './clickhouse.module.js';
import { findPriceBookIn } from './find-price-book.js';
import { loadPriceBooks } from './load-price-books.js';
import { readCells, readEvents } from './read-cells.js';
import { readSpend } from './read-spend.js';
import { recomputedEvents } from './recomputed-events.js';

type CellsRequest = z.infer<typeof clickhouseCells.request>;
type EventsRequest = z.infer<typeof clickhouseEvents.request>;

@Controller()
export class QueriesController {
  constructor(
    @Inject(CLICKHOUSE) private readonly clickhouse: ClickHouse,
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
  ) {}

  @Answers(spend)
  async spend(request: z.infer<typeof spend.request>) {
    return { rows: await readSpend(this.clickhouse, request) };
  }

  @Answers(clickhouseCells)
  cells(request: CellsRequest) {
    return readCells(this.clickhouse, chargedEvents, request);
  }

  @Answers(clickhouseEvents)
  events(request: EventsRequest) {
    return readEvents(this.clickhouse, chargedEvents, request);
  }

  @Answers(recomputedCells)
  async recomputedCells(request: CellsRequest) {
    await this.#loadPriceBooks();
    return readCells(this.clickhouse, recomputedEvents, request);
  }

  @Answers(recomputedEventsRequest)
  async recomputedEvents(request: EventsRequest) {
    await this.#loadPriceBooks();
    return readEvents(this.clickhouse, recomputedEvents, request);
  }

  async #loadPriceBooks(): Promise<void> {
    const bucket = await new Kvm(this.nats).open(buckets.prices);
    await loadPriceBooks(this.clickhouse, findPriceBookIn(bucket));
  }
}
