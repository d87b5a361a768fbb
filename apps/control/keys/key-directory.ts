import { setTimeout as sleep } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { buckets } from '#contracts/streams.js';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { type DirectoryEntries, readDirectory } from './read-directory.js';
import { syncDirectory } from './sync-directory.js';

const repairRetryMs = 1_000;
/** Each is lost to a writer that was quicker, and that has then written what the tables say. */
const maxRaces = 10;

/**
 * What the relays know of keys and policies: bucket `directory`. The tables are the truth and are always written first;
 * the bucket follows, and a difference that an outage or a crash left is repaired from the tables.
 */
@Injectable()
export class KeyDirectory implements OnModuleDestroy {
  readonly #log = new Logger(KeyDirectory.name);
  /** Writes that failed, and how many of them the last sync has made good: none before the first. */
  #failures = 0;
  #madeGood = -1;
  #repairing = false;
  #closing = false;

  constructor(
    @Inject(JETSTREAM) private readonly jetstream: JetStreamClient,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  /** Whether, as far as we know, the relays know every key and policy. */
  get inSync(): boolean {
    return this.#madeGood === this.#failures;
  }

  /**
   * Tells the relays what the tables say of some entries, after it was committed. However many do so at once, what was
   * committed last is said last: a key that was revoked cannot come back to life.
   * @param others names of entries that the tables may have no more.
   */
  async tell(readEntries: () => Promise<DirectoryEntries>, others: readonly string[] = []): Promise<void> {
    try {
      const names = [...(await readEntries()).keys(), ...others];
      const bucket = await this.#bucket();
      await racing(() => syncDirectory(bucket, readEntries, names));
    } catch (error) {
      // A timeout leaves open whether the bucket took it: only the tables know what it should say.
      this.#failures += 1;
      void this.#repair();
      throw error;
    }
  }

  /** Makes the bucket say what the tables say. */
  async sync(): Promise<void> {
    const failures = this.#failures;
    const bucket = await this.#bucket();
    const { written, removed } = await racing(() => syncDirectory(bucket, () => readDirectory(this.source)));
    // Only what failed before it began: a write may have failed meanwhile.
    this.#madeGood = failures;
    if (written + removed > 0) this.#log.log('The directory was brought in line with the table.', { written, removed });
  }

  onModuleDestroy(): void {
    this.#closing = true;
  }

  async #repair(): Promise<void> {
    if (this.#repairing) return;
    this.#repairing = true;
    while (!this.inSync && !this.#closing) {
      try {
        await this.sync();
      } catch (error) {
        this.#log.warn('The directory cannot be repaired yet: trying again.', error);
        await sleep(repairRetryMs);
      }
    }
    this.#repairing = false;
  }

  #bucket(): Promise<KV> {
    return new Kvm(this.jetstream).open(buckets.directory);
  }
}

/** Writes again when somebody was quicker. */
export async function racing<Result>(write: () => Promise<Result>): Promise<Result> {
  for (let race = 1; ; race += 1) {
    try {
      return await write();
    } catch (error) {
      if (!isOutrun(error) || race === maxRaces) throw error;
    }
  }
}

function isOutrun(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
