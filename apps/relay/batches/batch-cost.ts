import { parseAmount, type Pico } from '#money/pico.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import type { Attempt } from '#rating/rate-usage.js';
import { chargedCost } from '../admit/settled-cost.js';
import type { BatchLease } from './batch-money.js';

/** What the answered lines of a batch come to. */
export class BatchCost {
  #lines = 0;
  #charged: Pico = 0n;
  #isCharged = true;

  constructor(
    private readonly held: Pick<BatchLease, 'currency' | 'amount'>,
    /** Of the version that the batch was made at. */
    private readonly book: CompiledPriceBook | undefined,
  ) {}

  get lines(): number {
    return this.#lines;
  }

  add(attempt: Attempt): void {
    const amount = chargedCost(this.held.currency, attempt, this.book);
    this.#lines += 1;
    if (amount === undefined) this.#isCharged = false;
    else this.#charged += amount;
  }

  /** While a line is not charged nobody knows what it costs: all that was held stays held, for as long as its lease lasts. */
  get total(): Pico {
    const held = parseAmount(this.held.amount);
    return this.#isCharged || this.#charged > held ? this.#charged : held;
  }
}
