import type { Plan } from './router.js';
import type { PlannedCandidate } from './scores.js';

const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 8_000;

/** One candidate's turn to answer a request. */
export interface Turn {
  readonly candidate: PlannedCandidate;
  /** 1 for the first attempt of the request. */
  readonly number: number;
  /** No other attempt follows, whatever comes of this one. */
  readonly isLast: boolean;
  /** To wait before it. */
  readonly pauseMs: number;
}

/** Why an attempt is not the last word. */
export interface FailedTurn {
  readonly turn: Turn;
  /** How long the upstream asked to be left alone. */
  readonly retryAfterMs?: number | undefined;
}

/** Whose turn it is for one request: the plan's candidates in order, round after round. */
export class Turns {
  #next = 0;
  #taken = 0;
  /** When each candidate may be asked again. */
  #leaveAloneUntilMs: Map<PlannedCandidate, number> | undefined;

  constructor(
    private readonly plan: Plan,
    /** Of [0, 1). */
    private readonly random: () => number,
  ) {}

  /** @returns undefined when the plan is empty. */
  first(): Turn | undefined {
    return this.#turn(0);
  }

  /** @returns undefined when the failure stays: nobody is left, no time, or the channel's failures have cost enough. */
  after({ turn, retryAfterMs = 0 }: FailedTurn, nowMs: number): Turn | undefined {
    this.#leaveAlone(turn.candidate, nowMs + retryAfterMs);
    const next = this.#upcoming(nowMs);
    if (next === undefined || !turn.candidate.vitals.retries.spend(nowMs)) return undefined;
    return next;
  }

  /** As `instead`, of a turn that is not taken in a later round either. */
  without({ candidate }: Turn, nowMs: number): Turn | undefined {
    this.#leaveAlone(candidate, Infinity);
    return this.instead(nowMs);
  }

  /** Instead of a turn that could not be taken: nothing was sent. */
  instead(nowMs: number): Turn | undefined {
    this.#taken -= 1;
    return this.#upcoming(nowMs);
  }

  #leaveAlone(candidate: PlannedCandidate, untilMs: number): void {
    this.#leaveAloneUntilMs ??= new Map();
    this.#leaveAloneUntilMs.set(candidate, untilMs);
  }

  #upcoming(nowMs: number): Turn | undefined {
    const { candidates, rounds, deadlineAtMs } = this.plan;
    for (; this.#next < candidates.length * rounds; this.#next += 1) {
      const candidate = candidates[this.#next % candidates.length]!;
      const round = Math.floor(this.#next / candidates.length);
      const pauseMs = this.#pause(round, candidate, nowMs);
      // It may have been isolated since the plan was made. The last one is tried all the same.
      const isLast = this.#next === candidates.length * rounds - 1;
      if (!isLast && !candidate.vitals.breaker.permits(nowMs + pauseMs)) continue;
      if (nowMs + pauseMs < deadlineAtMs) return this.#turn(pauseMs);
    }
    return undefined;
  }

  /** Full jitter: clients that failed together do not come back together. */
  #pause(round: number, candidate: PlannedCandidate, nowMs: number): number {
    const longestMs = round === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (round - 1), LAST_PAUSE_MS);
    const leaveAloneMs = (this.#leaveAloneUntilMs?.get(candidate) ?? nowMs) - nowMs;
    return Math.max(this.random() * longestMs, leaveAloneMs);
  }

  #turn(pauseMs: number): Turn | undefined {
    const { candidates, rounds } = this.plan;
    const candidate = candidates[this.#next % candidates.length];
    if (candidate === undefined) return undefined;
    this.#next += 1;
    this.#taken += 1;
    return { candidate, number: this.#taken, isLast: this.#next === candidates.length * rounds, pauseMs };
  }
}
