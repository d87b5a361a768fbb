import type { Usage } from '../usage.js';
import { estimateUsage, type EstimateSource } from './estimate-usage.js';

/**
 * The same estimate, for a thread that serves others meanwhile: a long prompt takes seconds to count.
 * @param letOthers resolves when they had their turn.
 */
export async function estimateInTurns(source: EstimateSource, letOthers: () => Promise<unknown>): Promise<Usage> {
  const { tokenizer } = source;
  const withCount = (count: (text: string) => number) =>
    estimateUsage({ ...source, tokenizer: { ...tokenizer, count } });
  const counts = new Map<string, number>();
  // What has to be counted does not depend on what the counts are.
  withCount((text) => {
    counts.set(text, 0);
    return 0;
  });
  for (const text of counts.keys()) counts.set(text, await tokenizer.countInTurns(text, letOthers));
  return withCount((text) => {
    const count = counts.get(text);
    if (count === undefined) throw new Error('A text was not counted before the estimate.');
    return count;
  });
}
