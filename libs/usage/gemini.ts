import { nameIn, type Note } from './count.js';
import { billedSearches, queriesIn } from './gemini-searches.js';
import { countGemini, generateContentNames } from './gemini-tokens.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Gemini generateContent, of the Gemini API and of Vertex. Every chunk of a stream has a running count; it can shrink,
 * and the last one counts. Vertex chunks under way may have a traffic type and no count.
 * https://ai.google.dev/api/generate-content#UsageMetadata
 */
export const gemini: UsageFamily = {
  usageMembers: ['usageMetadata', 'finishReason', 'blockReason', 'webSearchQueries'],
  hearAnswer: hear,
  hearEvent: hear,
  // No event of its own ends this protocol's streams.
  isEnd: () => false,
  count,
};

/** What the documentation calls the absence of anything special. */
const UNSPECIFIED: ReadonlySet<string> = new Set(['unspecified', 'TRAFFIC_TYPE_UNSPECIFIED']);

function hear(chunk: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(chunk, 'modelVersion', note) ?? told.model;
  const usage = asObject(chunk['usageMetadata']);
  const hasCounts = Object.values(usage ?? {}).some((value) => typeof value === 'number');
  if (hasCounts) told.usage = usage;
  else told.usage ??= usage;
  const candidates = objectsIn(chunk['candidates']);
  const queries = queriesIn(candidates.flatMap(queriesOf));
  if (queries !== undefined) told.units = { webSearch: queries };
  const isBlocked = typeof asObject(chunk['promptFeedback'])?.['blockReason'] === 'string';
  const isFinished = candidates.some((candidate) => typeof candidate['finishReason'] === 'string');
  told.atEnd ||= isBlocked || isFinished;
}

function queriesOf(candidate: JsonObject): readonly unknown[] {
  const queries = asObject(candidate['groundingMetadata'])?.['webSearchQueries'];
  return Array.isArray(queries) ? queries : [];
}

function count(usage: JsonObject, { model, told, note }: CountingContext): Counted {
  const units = present({ webSearch: billedSearches(told.units?.webSearch, model) });
  const modifiers = present({
    tierServed: special(usage, 'serviceTier', note),
    traffic: special(usage, 'trafficType', note),
  });
  return {
    ...countGemini(usage, generateContentNames, note),
    ...(units && { units }),
    ...(modifiers && { modifiers }),
  };
}

function special(usage: JsonObject, name: string, note: Note): string | undefined {
  const word = nameIn(usage, name, note);
  return word === undefined || UNSPECIFIED.has(word) ? undefined : word;
}
