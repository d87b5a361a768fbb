import type { ChatApi } from '#protocols/chat/chat-api.js';
import { MINUTE_MS } from './take-share.js';

/** Of the level that has the least left. */
export interface RateStanding {
  readonly limit: number;
  readonly remaining: number;
}

export type RateStandings = Partial<Record<'requests' | 'tokens', RateStanding>>;

/**
 * What is left of the minute, as the client's provider tells it.
 * https://platform.openai.com/docs/guides/rate-limits, https://docs.anthropic.com/en/api/rate-limits
 */
export function rateHeaders(protocol: ChatApi, standings: RateStandings, nowMs: number): Record<string, string> {
  const headers: Record<string, string> = {};
  const resetMs = MINUTE_MS - (nowMs % MINUTE_MS);
  for (const [kind, { limit, remaining }] of Object.entries(standings)) {
    if (protocol === 'anthropic-messages') {
      headers[`anthropic-ratelimit-${kind}-limit`] = String(limit);
      headers[`anthropic-ratelimit-${kind}-remaining`] = String(remaining);
      headers[`anthropic-ratelimit-${kind}-reset`] = new Date(nowMs + resetMs).toISOString();
    } else {
      headers[`x-ratelimit-limit-${kind}`] = String(limit);
      headers[`x-ratelimit-remaining-${kind}`] = String(remaining);
      headers[`x-ratelimit-reset-${kind}`] = `${Math.ceil(resetMs / 1000)}s`;
    }
  }
  return headers;
}
