import type { Answer, AnswerEnd } from './answer.js';

/** The attempts that are open: what a relay that stops has to wait for. */
export class AttemptsInFlight {
  readonly #attempts = new Set<Promise<unknown>>();
  readonly #answers = new Set<Answer>();
  #closing = false;

  /** True when no new attempt may be opened. */
  get closing(): boolean {
    return this.#closing;
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
    this.#closing = true;
    const cutOff = setTimeout(() => {
      for (const answer of this.#answers) answer.cutOff();
    }, maxMs);
    await Promise.allSettled(this.#attempts);
    clearTimeout(cutOff);
  }
}
