import type { NatsConnection } from '@nats-io/transport-node';
import { buckets } from '#contracts/streams.js';
import type { KeyDirectory } from '../authenticate/key-directory.js';
import type { CurrentPrices } from './current-prices.js';
import type { KeptChannels } from './kept-channels.js';
import { type BucketWatch, watchBucket } from './watch-bucket.js';

/** Who may call, through which channels and at which prices, in memory. Until all are there the relay serves nobody. */
export class Snapshots {
  readonly #watches: readonly BucketWatch[];
  readonly loaded: Promise<void>;
  #isLoaded = false;

  constructor(
    connection: NatsConnection,
    { directory, prices, channels }: { directory: KeyDirectory; prices: CurrentPrices; channels: KeptChannels },
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
    const kept = watchBucket(connection, buckets.channels, {
      ...ports,
      update: (name, value) => channels.update(name, value),
    });
    this.#watches = [keys, books, kept];
    const loaded = this.#watches.map((watch) => watch.loaded);
    this.loaded = Promise.all([...loaded, prices.published]).then(() => void (this.#isLoaded = true));
  }

  get isLoaded(): boolean {
    return this.#isLoaded;
  }

  stop(): void {
    for (const watch of this.#watches) watch.stop();
  }
}
