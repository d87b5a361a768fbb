import type { JetStreamClient } from '@nats-io/jetstream';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { NotAcknowledged, publishStored } from './publish-stored.js';
import { findUnpublished } from './reported-events.js';

const everyMs = 5_000;
/** A request under way has published its own by then. */
const settledMs = 10_000;
const maxAtOnce = 500;
/** What the log refuses of one organisation waits for so long, so that others come before it. */
const refusedPauseMs = 30_000;

/** Publishes what a crash or an outage left between the table and the log, and nobody sent again. */
@Injectable()
export class EventBacklog implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger('Events');
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();
  #closing = false;
  /** Until when the organisations wait of which the log took not all. */
  readonly #refused = new Map<string, number>();

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
    const nowMs = performance.now();
    const except = [...this.#refused].filter(([, untilMs]) => nowMs < untilMs).map(([orgId]) => orgId);
    const stored = await findUnpublished(this.source, { olderThanMs, limit: maxAtOnce, except });
    const refused = new Set<string>();
    try {
      await publishStored({ source: this.source, jetstream: this.jetstream }, stored);
    } catch (error) {
      if (!(error instanceof NotAcknowledged)) throw error;
      for (const orgId of error.orgIds) refused.add(orgId);
      const isNew = error.orgIds.some((orgId) => !this.#refused.has(orgId));
      if (isNew) this.#log.warn(`Events of ${named(error.orgIds)} cannot be published yet: trying again.`, error);
    }
    for (const { orgId } of stored) {
      if (refused.has(orgId)) this.#refused.set(orgId, nowMs + refusedPauseMs);
      else this.#refused.delete(orgId);
    }
    return stored.filter(({ orgId }) => !refused.has(orgId)).length;
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

const named = (orgIds: readonly string[]) =>
  orgIds.length > 5 ? `${orgIds.slice(0, 5).join(', ')} and others` : orgIds.join(', ');
