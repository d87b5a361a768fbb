import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { channelEntryName, type PublishedChannel } from '#contracts/channel.js';
import { buckets } from '#contracts/streams.js';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { racing } from '../keys/key-directory.js';
import { relaysNotTold } from '../keys/relays-not-told.js';
import { syncDirectory } from '../keys/sync-directory.js';
import { Channel } from './channel.entity.js';
import { publishChannel } from './fields.js';

const repairRetryMs = 1_000;

/** What the relays know of the channels: bucket `channels`, where secrets are as they were sealed. It follows the table. */
@Injectable()
export class ChannelDirectory implements OnModuleDestroy {
  readonly #log = new Logger(ChannelDirectory.name);
  /** Changes that were not told, and how many of them the last repair has made good. */
  #failures = 0;
  #madeGood = 0;
  #repair: Promise<void> | undefined;
  #closing = false;

  constructor(
    @Inject(JETSTREAM) private readonly jetstream: JetStreamClient,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  /** Whether, as far as we know, the relays know every channel. */
  get inSync(): boolean {
    return this.#madeGood === this.#failures;
  }

  /** After the table was written. @throws ApiError 503: the change stands, and the relays follow as soon as they can. */
  async tell(): Promise<void> {
    try {
      await this.sync();
    } catch (error) {
      this.#failures += 1;
      this.#repair ??= this.#catchUp();
      throw relaysNotTold(
        'The change is stored, and the relays follow it once NATS is back. Look, or try again.',
        error,
      );
    }
  }

  /** Makes the bucket say what the table says. There are few channels: all of them each time. */
  async sync(): Promise<void> {
    const bucket = await new Kvm(this.jetstream).open(buckets.channels);
    await racing(() => syncDirectory(bucket, () => this.#read()));
  }

  async onModuleDestroy(): Promise<void> {
    this.#closing = true;
    await this.#repair;
  }

  async #read(): Promise<ReadonlyMap<string, PublishedChannel>> {
    const channels = await this.source.getRepository(Channel).findBy({ removedAt: IsNull() });
    return new Map(channels.map((channel) => [channelEntryName(channel.id), publishChannel(channel)]));
  }

  async #catchUp(): Promise<void> {
    while (!this.inSync && !this.#closing) {
      // Only what failed before it began: a change may fail meanwhile.
      const failures = this.#failures;
      try {
        await this.sync();
        this.#madeGood = failures;
      } catch (error) {
        this.#log.warn('The relays cannot be told of the channels yet: trying again.', error);
        await sleep(repairRetryMs);
      }
    }
    this.#repair = undefined;
  }
}
