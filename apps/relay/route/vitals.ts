import { type AttemptEnd, Breaker, type BreakerTicket, type Verdict } from './breaker.js';
import { Latency } from './latency.js';
import { RetryBudget } from './retry-budget.js';

/** A stream's first byte comes early, a whole answer's only when all of it is there. */
export type AnswerKind = 'stream' | 'whole';

/** An attempt is overdue after so many times its usual wait, but never before, and never after. */
const OVERDUE_FACTOR = 8;
const OVERDUE_MIN_MS = 2_000;
const OVERDUE_MAX_MS = 60_000;

/** How a channel does with one of its models, as its attempts of late tell. */
export class ModelVitals {
  readonly breaker = new Breaker();
  readonly retries = new RetryBudget();
  readonly firstByte: Readonly<Record<AnswerKind, Latency>> = { stream: new Latency(), whole: new Latency() };
  readonly total: Readonly<Record<AnswerKind, Latency>> = { stream: new Latency(), whole: new Latency() };
  #inFlight = 0;

  get inFlight(): number {
    return this.#inFlight;
  }

  begin(kind: AnswerKind, nowMs: number): AttemptVitals {
    const usualMs = this.firstByte[kind].averageMs(nowMs);
    const overdueMs = usualMs === undefined ? OVERDUE_MAX_MS : usualMs * OVERDUE_FACTOR;
    const expectedMs = Math.min(Math.max(overdueMs, OVERDUE_MIN_MS), OVERDUE_MAX_MS);
    this.#inFlight += 1;
    this.retries.attempted(nowMs);
    return { kind, startedAtMs: nowMs, ticket: this.breaker.begin(nowMs, expectedMs) };
  }

  answered({ kind, startedAtMs, ticket }: AttemptVitals, nowMs: number): void {
    this.breaker.answered(ticket);
    this.firstByte[kind].add(nowMs - startedAtMs, nowMs);
  }

  end({ kind, startedAtMs, ticket }: AttemptVitals, verdict: Verdict, at: AttemptEnd): void {
    this.#inFlight -= 1;
    this.breaker.end(ticket, verdict, at);
    if (verdict === 'good') this.total[kind].add(at.nowMs - startedAtMs, at.nowMs);
  }
}

/** One attempt under way. */
export interface AttemptVitals {
  readonly kind: AnswerKind;
  readonly startedAtMs: number;
  readonly ticket: BreakerTicket;
}

/** The vitals of every channel's models, by the upstream's names. There are as many as the channels state: they bound it. */
export class Vitals {
  readonly #ofModel = new Map<string, ModelVitals>();

  of(channelId: string, model: string): ModelVitals {
    const name = `${channelId} ${model}`;
    let vitals = this.#ofModel.get(name);
    if (vitals === undefined) this.#ofModel.set(name, (vitals = new ModelVitals()));
    return vitals;
  }
}
