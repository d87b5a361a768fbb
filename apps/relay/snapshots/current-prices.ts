import { currentPrices, currentPricesEntry } from '#contracts/price-book.js';

/** Which price book is current: every attempt is pinned to it when it is opened. */
export class CurrentPrices {
  /** Resolves with the first version: pricing may publish it after the relay has started. */
  readonly published: Promise<void>;
  #version: string | undefined;
  #publish!: () => void;

  constructor(private readonly complain: (sentence: string) => void) {
    this.published = new Promise((resolve) => (this.#publish = resolve));
  }

  get version(): string | undefined {
    return this.#version;
  }

  update(name: string, value: unknown): void {
    if (name !== currentPricesEntry) return;
    const parsed = currentPrices.safeParse(value);
    // The last version that was readable stays: the attempts of a relay without one would be lost.
    if (!parsed.success)
      return this.complain('The entry of the current price book is unreadable: the last one stays in use.');
    this.#version = parsed.data.version;
    this.#publish();
  }
}
