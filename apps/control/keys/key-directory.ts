import { setTimeout as sleep } from 'node:timers/promises';
import { JetStreamApiCodes, JetStreamApiError, type JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { directoryEntryName, type DirectoryKey } from '#contracts/directory.js';
import { buckets } from '#contracts/streams.js';
import { JETSTREAM } from '#jetstream/jetstream.module.js';
import { readDirectoryKeys } from './read-directory-keys.js';
import { syncDirectory } from './sync-directory.js';

const repairRetryMs = 1_000;

/**
 * What the relays know of the keys: bucket `directory`. The table is the truth and is always written first; the bucket
 * follows, and a difference that an outage or a crash left is repaired from the table.
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

  /** Whether, as far as we know, the relays know every key. */
  get inSync(): boolean {
    return this.#madeGood === this.#failures;
  }

  /** Only creates: a key that was revoked since must not come back to life by a put that was under way. */
  async announce(hash: string, key: DirectoryKey): Promise<void> {
    await this.#tell(async (bucket) => {
      try {
        await bucket.create(directoryEntryName(hash), JSON.stringify(key));
      } catch (error) {
        // A sync found the key in the table and was quicker.
        if (!isTaken(error)) throw error;
      }
    });
  }

  /** Overwrites whatever is there: a revoked key stays revoked. */
  async revoke(hash: string, key: DirectoryKey): Promise<void> {
    await this.#tell((bucket) => bucket.put(directoryEntryName(hash), JSON.stringify(key)));
  }

  /** Makes the bucket say what the table says. */
  async sync(): Promise<void> {
    const failures = this.#failures;
    const { written, removed } = await syncDirectory(await this.#bucket(), () => readDirectoryKeys(this.source));
    // Only what failed before it began: a write may have failed meanwhile.
    this.#madeGood = failures;
    if (written + removed > 0) this.#log.log('The directory was brought in line with the table.', { written, removed });
  }

  onModuleDestroy(): void {
    this.#closing = true;
  }

  async #tell(write: (bucket: KV) => Promise<unknown>): Promise<void> {
    try {
      await write(await this.#bucket());
    } catch (error) {
      // A timeout leaves open whether the bucket took it: only the table knows what it should say.
      this.#failures += 1;
      void this.#repair();
      throw error;
    }
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

function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
