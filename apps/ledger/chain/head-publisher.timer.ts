import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Inject, Injectable, Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { LedgerHead } from '#contracts/ledger-head.js';
import { JETSTREAM, NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { RepeatedWork } from '../repeated-work.js';
import { lastPublishedHead, publishHead } from './published-heads.js';
import { readHead, readHeadAt } from './read-head.js';

/** However many blocks a second has, its newest is published. */
const pauseMs = 1_000;
/** A book that was rewritten is said to be so again and again. */
const complaintIntervalMs = 60_000;

/**
 * Publishes the newest head of the chain: at the start what is missing, then at most one a second, beside the booking
 * and not in its way. First it looks whether the book still holds the head that was published last.
 */
@Injectable()
export class HeadPublisher implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #log = new Logger('heads');
  readonly #work = new RepeatedWork({ name: 'heads', pauseMs, run: () => this.#publishNewest() });
  #published: LedgerHead | undefined;
  #conflict: string | undefined;
  #complainedAtMs = -Infinity;

  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(JETSTREAM) private readonly js: JetStreamClient,
  ) {}

  /** The head that was published last, as far as this process knows. */
  get published(): LedgerHead | undefined {
    return this.#published;
  }

  /** Why the book cannot be the one whose heads were published. Absent while it is. */
  get conflict(): string | undefined {
    return this.#conflict;
  }

  onApplicationBootstrap(): void {
    this.#work.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#work.stop();
  }

  async #publishNewest(): Promise<void> {
    this.#published ??= await lastPublishedHead(this.nats);
    this.#conflict = await this.#conflictWith(this.#published);
    if (this.#conflict !== undefined) return this.#complain(this.#conflict);
    const head = await readHead(this.source);
    if (head === undefined || head.height === this.#published?.height) return;
    await publishHead(this.js, head);
    this.#published = head;
    this.#log.log(`Block ${head.height} is ${head.hash}, sealed ${head.sealedAt}.`);
  }

  async #conflictWith(published: LedgerHead | undefined): Promise<string | undefined> {
    if (published === undefined) return undefined;
    const stored = await readHeadAt(this.source, published.height);
    if (stored?.hash === published.hash) return undefined;
    const found = stored === undefined ? 'has no such block' : `holds ${stored.hash}`;
    return (
      `Block ${published.height} was published as ${published.hash}, and the book ${found}: it was rewritten, or ` +
      'restored from an older copy. Run "npm run -s ledger -- verify" and compare it with a backup.'
    );
  }

  #complain(conflict: string): void {
    const nowMs = performance.now();
    if (nowMs - this.#complainedAtMs < complaintIntervalMs) return;
    this.#complainedAtMs = nowMs;
    this.#log.error(conflict);
  }
}
