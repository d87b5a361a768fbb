export interface WindowTotals {
  readonly all: number;
  readonly marked: number;
}

const SLOTS = 10;

/** Two counts over the last `windowMs`, in ten slots: what is older leaves a tenth at a time. */
export class SlidingWindow {
  readonly #all = new Float64Array(SLOTS);
  readonly #marked = new Float64Array(SLOTS);
  readonly #slotMs: number;
  #newest = Number.NEGATIVE_INFINITY;

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS;
  }

  add(nowMs: number, { all, marked }: WindowTotals): void {
    const slot = this.#moveTo(nowMs);
    this.#all[slot]! += all;
    this.#marked[slot]! += marked;
  }

  totals(nowMs: number): WindowTotals {
    this.#moveTo(nowMs);
    const sum = (counts: Float64Array) => counts.reduce((total, count) => total + count, 0);
    return { all: sum(this.#all), marked: sum(this.#marked) };
  }

  clear(): void {
    this.#all.fill(0);
    this.#marked.fill(0);
  }

  /** A clock that is set back counts into the newest slot. */
  #moveTo(nowMs: number): number {
    const now = Math.max(Math.floor(nowMs / this.#slotMs), this.#newest);
    const passed = Math.min(now - this.#newest, SLOTS);
    for (let slot = now - passed + 1; slot <= now; slot += 1) {
      this.#all[slot % SLOTS] = 0;
      this.#marked[slot % SLOTS] = 0;
    }
    this.#newest = now;
    return now % SLOTS;
  }
}
