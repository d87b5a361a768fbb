import type { Members } from '../chat/members.js';

/**
 * A mark up to where the prompt shall be cached: OpenAI's, which lives for 30 minutes, or Anthropic's, as OpenRouter
 * takes it over. How long it lives comes as near as the other protocols can say.
 */
export function readCacheMark(part: Members): '5m' | '1h' | undefined {
  const anthropic = part.object('cache_control');
  if (anthropic !== undefined) {
    // There is no type but "ephemeral".
    anthropic.ignore('type');
    return anthropic.string('ttl') === '1h' ? '1h' : '5m';
  }
  return part.json('prompt_cache_breakpoint') === undefined ? undefined : '1h';
}
