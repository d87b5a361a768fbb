import type { JetStreamClient } from '@nats-io/jetstream';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { publishStored } from './publish-stored.js';
import { findUnpublished } from './reported-events.js';

const everyMs = 5_000;
/** A request under way has published its own by then. */
const settledMs = 10_000;
const maxAtOnce = 500;

/** Publishes what a crash or an outage left between the table and the log, and nobody sent again. */
@Injectable()
export class EventBacklog implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger('Events');
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closing = false;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(JETSTREAM) private readonly jetstream: JetStreamClient,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule(0);
  }

  async onModuleDestroy(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#timer);
    await this.#round;
  }

  /** Resolves to how many were published. */
  async publish(olderThanMs = settledMs): Promise<number> {
    const stored = await findUnpublished(this.source, olderThanMs, maxAtOnce);
    await publishStored({ source: this.source, jetstream: this.jetstream }, stored);
    return stored.length;
  }

  #schedule(afterMs: number): void {
    if (this.#closing) return;
    this.#timer = setTimeout(() => {
      this.#round = this.#run();
    }, afterMs);
  }

  async #run(): Promise<void> {
    let published = 0;
    try {
      published = await this.publish();
      if (published > 0) this.#log.log('Events that were left behind were published.', { published });
    } catch (error) {
      this.#log.warn('Events that were left behind cannot be published yet: trying again.', error);
    }
    this.#schedule(published === maxAtOnce ? 0 : everyMs);
  }
}
