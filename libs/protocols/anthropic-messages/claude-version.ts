/** How a model is told how much to think. */
export type ThinkingWords = 'budgets' | 'efforts' | 'both';

/** Such as `claude-sonnet-4-5-20250929`, `anthropic.claude-opus-4-6-v1`, `claude-3-7-sonnet@20250219`: a date is no version. */
const VERSION = /claude-(?:[a-z]+-)?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/;

/**
 * Claude took budgets up to 4.6 and takes efforts from 4.6 on; what is not its word, it refuses.
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 */
export function thinkingWords(model: string): ThinkingWords {
  const [, major, minor = '0'] = VERSION.exec(model) ?? [];
  // A name that says no version takes what it is given.
  if (major === undefined) return 'both';
  const version = Number(major) * 100 + Number(minor);
  if (version === 406) return 'both';
  return version < 406 ? 'budgets' : 'efforts';
}
