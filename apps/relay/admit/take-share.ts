import type { Policy } from '#contracts/directory.js';
import type { RateEntry } from '#contracts/rate-share.js';

type RateLimits = NonNullable<Policy['limits']>;

/** Requests and tokens of a minute; slots are requests under way. */
export interface Rates {
  readonly requests: number;
  readonly tokens: number;
  readonly slots: number;
}

interface ShareRequest {
  readonly relayId: string;
  readonly nowMs: number;
  /** What requests wait for. Slots are all that the relay needs, with those it has. */
  readonly least: Rates;
}

/** A relay that dies keeps its slots from others for at most this long. */
export const SLOTS_TTL_MS = 30_000;
export const MINUTE_MS = 60_000;

/** Beyond what is needed now, a relay takes no more than this part of what is left: there may be others. */
const CAUTIOUS_PART = 8;

export interface TakenShare {
  readonly entry: RateEntry;
  readonly granted: Rates;
}

/** Whether an entry is of a minute that no relay can mean whose clock is right, around the turn of one. */
export const isOfLater = ({ minute }: RateEntry, nowMs: number) => minute > Math.floor(nowMs / MINUTE_MS) + 1;

/** A share of what is left of the limits: never more than there is, whoever else takes one. Pure. */
export function takeShare(before: RateEntry | undefined, request: ShareRequest, limits: RateLimits): TakenShare {
  const { relayId, nowMs, least } = request;
  const now = Math.floor(nowMs / MINUTE_MS);
  // A clock that is a little behind does not open a minute again. What one that was wrong took of a later one counts now.
  const minute = before === undefined || isOfLater(before, nowMs) ? now : Math.max(now, before.minute);
  const taken = before !== undefined && before.minute >= minute ? before : { requests: 0, tokens: 0 };
  const others = Object.entries(before?.slots ?? {}).filter(
    ([id, { untilMs }]) => id !== relayId && untilMs > nowMs && untilMs <= nowMs + MINUTE_MS,
  );
  const usedByOthers = others.reduce((sum, [, { count }]) => sum + count, 0);
  const granted = {
    requests: part(limits.requestsPerMinute, taken.requests, least.requests),
    tokens: part(limits.tokensPerMinute, taken.tokens, least.tokens),
    slots: part(limits.concurrency, usedByOthers, least.slots),
  };
  const own = { count: granted.slots, untilMs: nowMs + SLOTS_TTL_MS };
  const slots = limits.concurrency === undefined || granted.slots === 0 ? others : [...others, [relayId, own] as const];
  return {
    entry: {
      minute,
      requests: taken.requests + granted.requests,
      tokens: taken.tokens + granted.tokens,
      slots: Object.fromEntries(slots),
    },
    granted,
  };
}

/** Nothing of what has no limit, and nothing where nothing is needed. */
function part(limit: number | undefined, taken: number, least: number): number {
  if (limit === undefined || least === 0) return 0;
  const left = Math.max(0, limit - taken);
  return Math.min(left, Math.max(least, Math.floor(left / CAUTIOUS_PART)));
}
