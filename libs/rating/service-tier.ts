import type { UsageModifiers } from '#usage/usage.js';

/** What providers call "nothing special". Any other word moves the price, or may: the price book must name it. */
const plainWords: ReadonlySet<string> = new Set(['standard', 'default', 'on_demand', 'global', 'not_available']);

/**
 * The tier under which a price book lists the rate: the one that served, never the one asked for, and whatever else
 * moves the price. Such as `standard`, `batch`, `priority` or `standard+speed=fast+geo=us`.
 */
export function serviceTier({ tierServed, batch, speed, geo, traffic }: UsageModifiers = {}): string {
  const tier = batch === true ? 'batch' : (special(tierServed) ?? 'standard');
  return tier + extra('speed', speed) + extra('geo', geo) + extra('traffic', traffic);
}

function extra(name: string, word: string | undefined): string {
  const value = special(word);
  return value === undefined ? '' : `+${name}=${value}`;
}

function special(word: string | undefined): string | undefined {
  const lower = word?.toLowerCase();
  return lower === undefined || plainWords.has(lower) ? undefined : lower;
}
