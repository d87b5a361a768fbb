/** How a model is told how much to think. */
export type ThinkingWords = 'budgets' | 'efforts' | 'both';

/** Such as `claude-sonnet-4-5-20250929`, `anthropic.claude-opus-4-6-v1`, `claude-3-7-sonnet@20250219`: a date is no version. */
const VERSION = /claude-(?:[a-z]+-)?(\d{1,2})(?:[.-](\d{1,2}))?(?!\d)/;

/**
 * Claude took budgets up to 4.6 and takes efforts from 4.6 on; what is not its word, it refuses.
 * https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking
 */
export function thinkingWords(model: string): ThinkingWords {
  const version = claudeVersion(model);
  // A name that says no version takes what it is given.
  if (version === undefined || version === 406) return 'both';
  return version < 406 ? 'budgets' : 'efforts';
}

/** Such as 405 for 4.5; undefined when the name says none. */
export function claudeVersion(model: string): number | undefined {
  const [, major, minor = '0'] = VERSION.exec(model) ?? [];
  return major === undefined ? undefined : Number(major) * 100 + Number(minor);
}
