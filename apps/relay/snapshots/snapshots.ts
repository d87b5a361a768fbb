import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '#contracts/streams.js';
import type { KeyDirectory } from '../authenticate/key-directory.js';
import type { CurrentPrices } from './current-prices.js';
import { type BucketWatch, watchBucket } from './watch-bucket.js';

/** Who may call and at which prices, kept in memory. Until both are there the relay serves nobody. */
export class Snapshots {
  readonly #watches: readonly BucketWatch[];
  readonly loaded: Promise<void>;
  #isLoaded = false;

  constructor(
    connection: NatsConnection,
    { directory, prices }: { directory: KeyDirectory; prices: CurrentPrices },
    complain: (sentence: string, error?: unknown) => void,
  ) {
    const ports = { complain };
    const keys = watchBucket(connection, buckets.directory, {
      ...ports,
      update: (name, value) => directory.update(name, value),
    });
    const books = watchBucket(connection, buckets.prices, {
      ...ports,
      update: (name, value) => prices.update(name, value),
    });
    this.#watches = [keys, books];
    this.loaded = Promise.all([keys.loaded, books.loaded, prices.published]).then(() => void (this.#isLoaded = true));
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }
}
