import type { Answer } from './answer.js';

/** The attempts that are not settled yet: what a relay that stops has to wait for. */
export class AttemptsInFlight {
  readonly #settlements = new Map<Answer, Promise<unknown>>();
  #closing = false;

  /** True when no new attempt may be opened. */
  get closing(): boolean {
    return this.#closing;
  }

  async track<End>(answer: Answer, settled: Promise<End>): Promise<End> {
    this.#settlements.set(answer, settled);
    try {
      return await settled;
    } finally {
      this.#settlements.delete(answer);
    }
  }

  /** Resolves when all are settled. Those that take longer than `maxMs` are cut off, and settled with what they told. */
  async settleAll(maxMs: number): Promise<void> {
    this.#closing = true;
    const cutOff = setTimeout(() => {
      for (const answer of this.#settlements.keys()) answer.cutOff();
    }, maxMs);
    await Promise.allSettled(this.#settlements.values());
    clearTimeout(cutOff);
  }
}
