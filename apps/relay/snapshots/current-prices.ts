import { setTimeout as delay } from 'node:timers/promises';
import { currentPrices, currentPricesEntry, priceBook } from '#contracts/price-book.js';
import { type CompiledPriceBook, compilePriceBook } from '#rating/compile-price-book.js';

const RETRY_MS = 1_000;

export interface PricePorts {
  /** The book of a version as it was published; undefined when there is none. */
  readonly load: (version: string) => Promise<unknown>;
  readonly complain: (sentence: string, error?: unknown) => void;
}

/** Which price book is current: every attempt is pinned to it when it is opened. */
export class CurrentPrices {
  /** Resolves with the first version: pricing may publish it after the relay has started. */
  readonly published: Promise<void>;
  #version: string | undefined;
  #book: CompiledPriceBook | undefined;
  #publish!: () => void;

  constructor(private readonly ports: PricePorts) {
    this.published = new Promise((resolve) => (this.#publish = resolve));
  }

  get version(): string | undefined {
    return this.#version;
  }

  /** For what is held before a request, not for its price: the one before while the current one is on its way. */
  get book(): CompiledPriceBook | undefined {
    return this.#book;
  }

  update(name: string, value: unknown): void {
    if (name !== currentPricesEntry) return;
    const parsed = currentPrices.safeParse(value);
    // The last version that was readable stays: the attempts of a relay without one would be lost.
    if (!parsed.success)
      return this.ports.complain('The entry of the current price book is unreadable: the last one stays in use.');
    this.#version = parsed.data.version;
    void this.#load(parsed.data.version);
  }

  async #load(version: string): Promise<void> {
    while (version === this.#version) {
      try {
        const stored = await this.ports.load(version);
        if (version === this.#version) this.#take(version, stored);
        return;
      } catch (error) {
        this.ports.complain(`Price book ${version} could not be read: it is tried again in ${RETRY_MS} ms.`, error);
        await delay(RETRY_MS, undefined, { ref: false });
      } finally {
        this.#publish();
      }
    }
  }

  #take(version: string, stored: unknown): void {
    const parsed = priceBook.safeParse(stored);
    if (parsed.success) this.#book = compilePriceBook(parsed.data);
    else this.ports.complain(`Price book ${version} is missing or unreadable: requests hold a fixed amount.`);
  }
}
