import { SlidingWindow } from './sliding-window.js';

const WINDOW_MS = 10_000;
/** So many of a channel's attempts may be followed by another one elsewhere or again, … */
const SHARE = 0.2;
/** … and so many in any window, so that a channel with little to do may fail as a whole. */
const ALWAYS = 100;

/**
 * What a channel's failures may cost the others: without a bound, an outage of all multiplies the requests of its clients
 * by the number of channels.
 */
export class RetryBudget {
  readonly #window = new SlidingWindow(WINDOW_MS);

  attempted(nowMs: number): void {
    this.#window.add(nowMs, { all: 1, marked: 0 });
  }

  /** @returns false when no retry is left. */
  spend(nowMs: number): boolean {
    const { all, marked } = this.#window.totals(nowMs);
    if (marked >= ALWAYS + all * SHARE) return false;
    this.#window.add(nowMs, { all: 0, marked: 1 });
    return true;
  }
}
