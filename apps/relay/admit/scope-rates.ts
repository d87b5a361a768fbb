import type { Policy } from '#contracts/directory.js';
import type { RateEntry } from '#contracts/rate-share.js';
import type { RateStanding } from './rate-headers.js';
import { MINUTE_MS, type Rates, SLOTS_TTL_MS, type TakenShare } from './take-share.js';

export type RateKind = 'requests' | 'tokens' | 'slots';

/** The share of one level's limits that this relay has taken, and what it has used of it. Pure: times are arguments. */
export class ScopeRates {
  #minute = -1;
  #requests = 0;
  #tokens = 0;
  #slots = 0;
  #slotsUntilMs = 0;
  #underWay = 0;
  #entry: RateEntry | undefined;

  constructor(public limits: NonNullable<Policy['limits']>) {}

  /** Takes one request of so many tokens out of the share. @returns what is too little, or undefined when it is taken. */
  take(tokens: number, nowMs: number): RateKind | undefined {
    const missing = this.#missing(tokens, nowMs);
    if (missing !== undefined) return missing;
    this.#requests -= 1;
    this.#tokens -= tokens;
    this.#underWay += 1;
    return undefined;
  }

  /** @param unused what a request of this minute did not use of its tokens; below zero when it used more. */
  end(unused: number, takenAtMs: number): void {
    this.#underWay -= 1;
    if (minuteOf(takenAtMs) === this.#minute) this.#tokens += unused;
  }

  /** It was not sent: as if it had never come. */
  putBack(tokens: number, takenAtMs: number): void {
    this.end(tokens, takenAtMs);
    if (minuteOf(takenAtMs) === this.#minute) this.#requests += 1;
  }

  /** What is to be taken of the limits for requests that wait. */
  need({ requests, tokens }: Pick<Rates, 'requests' | 'tokens'>, nowMs: number): Rates {
    const isNow = this.#isNow(nowMs);
    return {
      requests: Math.max(0, requests - (isNow ? this.#requests : 0)),
      tokens: Math.max(0, tokens - (isNow ? this.#tokens : 0)),
      slots: this.#underWay + requests,
    };
  }

  taken({ entry, granted }: TakenShare, nowMs: number): void {
    if (this.#minute !== entry.minute) [this.#requests, this.#tokens] = [0, 0];
    this.#minute = entry.minute;
    this.#requests += granted.requests;
    this.#tokens += granted.tokens;
    this.#slots = granted.slots;
    this.#slotsUntilMs = nowMs + SLOTS_TTL_MS;
    this.#entry = entry;
  }

  /** Slots that others could use, or that would be lost to us. */
  isSlotsWorkDue(nowMs: number): boolean {
    if (this.limits.concurrency === undefined || this.#slots === 0) return false;
    return this.#slots > this.#underWay || this.#slotsUntilMs - nowMs < SLOTS_TTL_MS / 2;
  }

  /** At least so much is left: what other relays have taken and not used may be more. */
  standing(kind: 'requests' | 'tokens'): RateStanding | undefined {
    const limit = this.limits[kind === 'requests' ? 'requestsPerMinute' : 'tokensPerMinute'];
    if (limit === undefined) return undefined;
    const here = kind === 'requests' ? this.#requests : this.#tokens;
    return { limit, remaining: Math.max(0, limit - (this.#entry?.[kind] ?? 0) + here) };
  }

  /** Relays whose clock is ahead begin a minute for all: its share holds here, too, as there will be no other. */
  #isNow(nowMs: number): boolean {
    return minuteOf(nowMs) <= this.#minute;
  }

  #missing(tokens: number, nowMs: number): RateKind | undefined {
    const { requestsPerMinute, tokensPerMinute, concurrency } = this.limits;
    const isNow = this.#isNow(nowMs);
    if (requestsPerMinute !== undefined && (!isNow || this.#requests < 1)) return 'requests';
    if (tokensPerMinute !== undefined && (!isNow || this.#tokens < tokens)) return 'tokens';
    const hasSlot = nowMs < this.#slotsUntilMs && this.#underWay < this.#slots;
    return concurrency !== undefined && !hasSlot ? 'slots' : undefined;
  }
}

const minuteOf = (nowMs: number) => Math.floor(nowMs / MINUTE_MS);
