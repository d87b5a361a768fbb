import { countIn, type Note } from './count.js';
import { asObject, present, type JsonObject } from './json.js';
import type { UsageSegment } from './usage.js';
import type { Counted } from './usage-family.js';

/**
 * Cohere charges `billed_units`. Its `tokens` are all that the model saw, a preamble of Cohere's own included, and
 * `cached_tokens` are a part of those: neither is charged.
 * https://docs.cohere.com/docs/how-does-cohere-pricing-work
 * @param usage the `usage` of API version 2, or the `meta` of version 1
 */
export function countBilledUnits(usage: JsonObject, note: Note): Pick<Counted, 'segments' | 'units'> {
  const billed = asObject(usage['billed_units']) ?? processed(usage, note);
  const text = countIn(billed, 'input_tokens', note);
  const fresh = present({ image: countIn(billed, 'image_tokens', note), text });
  const out = present({ text: countIn(billed, 'output_tokens', note) });
  const units = present({
    rerankSearches: countIn(billed, 'search_units', note),
    images: countIn(billed, 'images', note),
    // Each text that was classified is charged as one.
    requests: countIn(billed, 'classifications', note),
  });
  const segment: UsageSegment = { in: fresh ? { fresh } : {}, kind: 'main', out: out ?? {} };
  return { segments: fresh || out ? [segment] : [], units };
}

/** Without billed units the tokens are the only count there is. It is not the one that is charged. */
function processed(usage: JsonObject, note: Note): JsonObject | undefined {
  const tokens = asObject(usage['tokens']);
  if (tokens !== undefined) note('billed_units_absent', 'billed_units is absent: tokens are counted in its place.');
  return tokens;
}

export function hasBilledUnits(usage: JsonObject): boolean {
  return asObject(usage['billed_units']) !== undefined;
}
