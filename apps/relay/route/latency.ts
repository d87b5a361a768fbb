/** The weight of the newest of two measurements that come one after the other. */
const NEWEST = 0.2;
/** An older measurement says nothing: what was slow then may be fast now, and nobody would find out. */
const STALE_MS = 60_000;

/** An exponentially weighted moving average of times in milliseconds. */
export class Latency {
  #averageMs: number | undefined;
  #measuredAtMs = 0;

  add(ms: number, nowMs: number): void {
    const before = this.averageMs(nowMs);
    this.#averageMs = before === undefined ? ms : before + NEWEST * (ms - before);
    this.#measuredAtMs = nowMs;
  }

  /** @returns undefined when nothing was measured of late. */
  averageMs(nowMs: number): number | undefined {
    return nowMs - this.#measuredAtMs > STALE_MS ? undefined : this.#averageMs;
  }
}
