import { setTimeout as sleep } from 'node:timers/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
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
  #differs = false;
  #repairing = false;
  #closing = false;
  #inSync = false;

  constructor(
    @Inject(JETSTREAM) private readonly jetstream: JetStreamClient,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  /** Whether the bucket has agreed with the table since the last failure, as far as we know. */
  get inSync(): boolean {
    return this.#inSync && !this.#differs;
  }

  /** Only creates: a key that was revoked since must not come back to life by a put that was under way. */
  async announce(hash: string, key: DirectoryKey): Promise<void> {
    await this.#tell((bucket) => bucket.create(directoryEntryName(hash), JSON.stringify(key)));
  }

  /** Overwrites whatever is there: a revoked key stays revoked. */
  async revoke(hash: string, key: DirectoryKey): Promise<void> {
    await this.#tell((bucket) => bucket.put(directoryEntryName(hash), JSON.stringify(key)));
  }

  /** Makes the bucket say what the table says. */
  async sync(): Promise<void> {
    const { written, removed } = await syncDirectory(await this.#bucket(), () => readDirectoryKeys(this.source));
    this.#inSync = true;
    if (written + removed > 0)
      this.#log.warn('The directory differed from the table and was repaired.', { written, removed });
  }

  onModuleDestroy(): void {
    this.#closing = true;
  }

  async #tell(write: (bucket: KV) => Promise<unknown>): Promise<void> {
    try {
      await write(await this.#bucket());
    } catch (error) {
      // A timeout leaves open whether the bucket took it: only the table knows what it should say.
      this.#differs = true;
      void this.#repair();
      throw error;
    }
  }

  async #repair(): Promise<void> {
    if (this.#repairing) return;
    this.#repairing = true;
    while (this.#differs && !this.#closing) {
      this.#differs = false;
      try {
        await this.sync();
      } catch (error) {
        this.#differs = true;
        this.#log.warn('The directory could not be repaired yet: trying again.', error);
        await sleep(repairRetryMs);
      }
    }
    this.#repairing = false;
  }

  #bucket(): Promise<KV> {
    return new Kvm(this.jetstream).open(buckets.directory);
  }
}
