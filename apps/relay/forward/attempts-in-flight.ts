import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, AnswerEnd } from './answer.js';

/** The attempts that are open: what a relay that stops has to wait for. */
export class AttemptsInFlight {
  readonly #attempts = new Set<Promise<unknown>>();
  readonly #answers = new Set<Answer>();
  readonly #closing = new AbortController();

  /** True when no new attempt may be opened. */
  get closing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Resolves early when the relay begins to stop. */
  async pause(ms: number): Promise<void> {
    // A timer of 0 ms takes one: every request would wait for it.
    if (ms > 0) await delay(ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  /** From before it is opened until its client has seen the end. */
  async track<Result>(attempt: Promise<Result>): Promise<Result> {
    this.#attempts.add(attempt);
    try {
      return await attempt;
    } finally {
      this.#attempts.delete(attempt);
    }
  }

  async ended(answer: Answer): Promise<AnswerEnd> {
    this.#answers.add(answer);
    const end = await answer.ended;
    this.#answers.delete(answer);
    return end;
  }

  /** Resolves when all are settled. Answers that take longer than `maxMs` are cut off, and settled with what they told. */
  async settleAll(maxMs: number): Promise<void> {
    this.#closing.abort();
    const cutOff = setTimeout(() => {
      for (const answer of this.#answers) answer.cutOff();
    }, maxMs);
    await Promise.allSettled(this.#attempts);
    clearTimeout(cutOff);
  }
}
