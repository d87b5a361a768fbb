import { SlidingWindow } from './sliding-window.js';

/** `open`: nothing is sent there. `half-open`: single requests find out whether it is well again. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** What an attempt says of its channel. `unknown`: its client left, or we ended it ourselves. */
export type Verdict = 'good' | 'bad' | 'unknown';

export interface BreakerLimits {
  /** Any of these opens it: so many failures in a row, … */
  readonly consecutiveFailures: number;
  /** … a share of the attempts that ended within the window, when there are enough to speak of a share, … */
  readonly windowMs: number;
  readonly failureRate: number;
  readonly minAttempts: number;
  /** … so many attempts that have waited for longer than expected, while no other got an answer. */
  readonly stalledAttempts: number;
  /** From opening to the first probe; twice as long after each probe that fails. */
  readonly firstPauseMs: number;
  readonly lastPauseMs: number;
  /** An upstream that asks to be left alone for longer is not believed. Nor does a failed health check count for longer. */
  readonly leaveAloneMaxMs: number;
  /** So many good probes close it. */
  readonly goodProbes: number;
}

export const breakerLimits: BreakerLimits = {
  consecutiveFailures: 5,
  windowMs: 10_000,
  failureRate: 0.5,
  minAttempts: 20,
  stalledAttempts: 3,
  firstPauseMs: 1_000,
  lastPauseMs: 8_000,
  leaveAloneMaxMs: 60_000,
  goodProbes: 2,
};

/** One attempt, as its breaker remembers it. */
export interface BreakerTicket {
  /** Those from before the breaker last opened or closed say nothing new. */
  readonly era: number;
  /** When its first byte is overdue. */
  readonly overdueAtMs: number;
  /** Among those that wait. */
  place: number;
}

/** Thousands may wait: they are looked through ten times a second, and not for each request. */
const STALL_CHECK_MS = 100;

/** When an attempt ended. */
export interface AttemptEnd {
  readonly nowMs: number;
  /** For how long the upstream asked not to be called. */
  readonly leaveAloneMs?: number | undefined;
}

/** A health check that failed. */
export interface FailedCheck {
  readonly nowMs: number;
  /** An attempt that ended well since then is believed instead. */
  readonly sinceMs: number;
  /** When the next check has spoken. */
  readonly untilMs: number;
}

/**
 * Keeps requests away from a channel's model that fails, hangs or breaks off. It learns from the attempts, and where there
 * are none from health checks; it takes its time as an argument.
 */
export class Breaker {
  readonly #window: SlidingWindow;
  /** Attempts without a first byte. Not a Set: docs/decisions/0016. */
  readonly #waiting: BreakerTicket[] = [];
  #era = 0;
  #failuresInRow = 0;
  /** Absent while it is closed. */
  #opened: { probeAtMs: number; goodProbes: number } | undefined;
  #pauseMs: number;
  #lastGoodAtMs = Number.NEGATIVE_INFINITY;
  /** As the upstream asked. */
  #leaveAloneUntilMs = Number.NEGATIVE_INFINITY;
  /** As the last health check says. */
  #heldUntilMs = Number.NEGATIVE_INFINITY;
  #stallCheckedAtMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly limits: BreakerLimits = breakerLimits) {
    this.#window = new SlidingWindow(limits.windowMs);
    this.#pauseMs = limits.firstPauseMs;
  }

  state(nowMs: number): BreakerState {
    this.#openWhenStalled(nowMs);
    if (this.#opened === undefined) return 'closed';
    return nowMs < this.#opened.probeAtMs && this.#opened.goodProbes === 0 ? 'open' : 'half-open';
  }

  /** True when a request may go there at this time, as far as is known by now. */
  permits(atMs: number): boolean {
    return this.#opened === undefined || atMs >= this.#opened.probeAtMs;
  }

  /** @param expectedMs until the first byte. */
  begin(nowMs: number, expectedMs: number): BreakerTicket {
    const ticket = { era: this.#era, overdueAtMs: nowMs + expectedMs, place: this.#waiting.length };
    this.#waiting.push(ticket);
    // One probe at a time. One that takes long does not keep the next from its turn.
    if (this.#opened !== undefined) this.#opened.probeAtMs = Math.max(this.#opened.probeAtMs, nowMs + this.#pauseMs);
    return ticket;
  }

  /** Its first byte has come: the channel does not hang. */
  answered(ticket: BreakerTicket): void {
    // Those that waited beside it are slow, and not stuck.
    if (this.#isWaiting(ticket)) this.#waiting.length = 0;
  }

  #isWaiting(ticket: BreakerTicket): boolean {
    return this.#waiting[ticket.place] === ticket;
  }

  #waitsNoMore(ticket: BreakerTicket): void {
    if (!this.#isWaiting(ticket)) return;
    const last = this.#waiting.pop()!;
    if (last === ticket) return;
    this.#waiting[ticket.place] = last;
    last.place = ticket.place;
  }

  end(ticket: BreakerTicket, verdict: Verdict, { nowMs, leaveAloneMs }: AttemptEnd): void {
    this.#waitsNoMore(ticket);
    if (verdict === 'good') this.#lastGoodAtMs = nowMs;
    if (ticket.era !== this.#era || verdict === 'unknown') return;
    const isBad = verdict === 'bad';
    this.#window.add(nowMs, { all: 1, marked: isBad ? 1 : 0 });
    this.#failuresInRow = isBad ? this.#failuresInRow + 1 : 0;
    if (isBad && leaveAloneMs !== undefined) this.#open(nowMs, Math.min(leaveAloneMs, this.limits.leaveAloneMaxMs));
    else if (isBad && (this.#opened !== undefined || this.#hasFailedEnough(nowMs))) this.#open(nowMs);
    else if (!isBad && this.#opened !== undefined) this.#probedWell(nowMs);
  }

  /** Nobody is there, or not for us: no request is to be the one that finds out. */
  checkFailed({ nowMs, sinceMs, untilMs }: FailedCheck): void {
    if (this.#lastGoodAtMs >= sinceMs) return;
    if (this.#opened === undefined) this.#open(nowMs);
    this.#heldUntilMs = Math.min(untilMs, nowMs + this.limits.leaveAloneMaxMs);
    this.#opened = { probeAtMs: Math.max(this.#opened!.probeAtMs, this.#heldUntilMs), goodProbes: 0 };
  }

  /** After one that failed: the next request may find out at once. That it is well again only requests show. */
  checkPassed(nowMs: number): void {
    this.#heldUntilMs = nowMs;
    if (this.#opened !== undefined) this.#opened.probeAtMs = Math.max(nowMs, this.#leaveAloneUntilMs);
  }

  #hasFailedEnough(nowMs: number): boolean {
    if (this.#failuresInRow >= this.limits.consecutiveFailures) return true;
    const { all, marked } = this.#window.totals(nowMs);
    return all >= this.limits.minAttempts && marked >= all * this.limits.failureRate;
  }

  #openWhenStalled(nowMs: number): void {
    if (nowMs - this.#stallCheckedAtMs < STALL_CHECK_MS) return;
    this.#stallCheckedAtMs = nowMs;
    let overdue = 0;
    for (const { overdueAtMs } of this.#waiting) if (overdueAtMs <= nowMs) overdue += 1;
    const tolerated = this.#opened === undefined ? this.limits.stalledAttempts : 1;
    if (overdue >= tolerated) this.#open(nowMs);
  }

  #open(nowMs: number, leaveAloneMs = 0): void {
    const { firstPauseMs, lastPauseMs } = this.limits;
    this.#pauseMs = this.#opened === undefined ? firstPauseMs : Math.min(this.#pauseMs * 2, lastPauseMs);
    this.#leaveAloneUntilMs = nowMs + leaveAloneMs;
    const probeAtMs = Math.max(nowMs + this.#pauseMs, this.#leaveAloneUntilMs, this.#heldUntilMs);
    this.#opened = { probeAtMs, goodProbes: 0 };
    this.#begin();
  }

  #probedWell(nowMs: number): void {
    this.#opened!.goodProbes += 1;
    // The next may find out at once, whatever a check said.
    this.#opened!.probeAtMs = nowMs;
    this.#heldUntilMs = nowMs;
    if (this.#opened!.goodProbes < this.limits.goodProbes) return;
    this.#opened = undefined;
    this.#begin();
  }

  /** A new era: what came before says nothing of it. */
  #begin(): void {
    this.#era += 1;
    this.#failuresInRow = 0;
    this.#window.clear();
    this.#waiting.length = 0;
  }
}
