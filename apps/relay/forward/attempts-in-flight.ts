import { pause } from '#service/pause.js';
import type { Answer } from './answer.js';

/** What is under way: what a relay that stops has to wait for. */
export class AttemptsInFlight {
  /**
   * Each knows its place. Not a Set: each of the tables that a Set outgrows has the next one, and all that was in it, so that
   * once one of them is old the garbage collector takes every answer for needed until it looks at everything.
   */
  readonly #answers: Answer[] = [];
  readonly #closing = new AbortController();
  #underWay = 0;
  #onIdle = () => {};

  /** True when no new attempt may be opened. */
  get closing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Resolves early when the relay begins to stop. */
  pause(ms: number): Promise<void> {
    return pause(ms, this.#closing);
  }

  /** Before an attempt of a request is opened. Whoever begins ends, on every path. */
  begin(): void {
    this.#underWay += 1;
  }

  /** The request's client has seen the end. */
  end(): void {
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#onIdle();
  }

  /** An answer that may have to be cut off. */
  add(answer: Answer): void {
    answer.place = this.#answers.push(answer) - 1;
  }

  remove(answer: Answer): void {
    const last = this.#answers.pop();
    if (last === undefined || last === answer) return;
    this.#answers[answer.place] = last;
    last.place = answer.place;
  }

  /** Resolves when all are settled. Answers that take longer than `maxMs` are cut off, and settled with what they told. */
  async settleAll(maxMs: number): Promise<void> {
    this.#closing.abort();
    if (this.#underWay === 0) return;
    const cutOff = setTimeout(() => {
      for (const answer of [...this.#answers]) answer.cutOff();
    }, maxMs);
    await new Promise<void>((resolve) => (this.#onIdle = resolve));
    clearTimeout(cutOff);
  }
}
