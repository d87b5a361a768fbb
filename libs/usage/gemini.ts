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
  // Of finishReason and blockReason, and of webSearchQueries.
  marks: [Buffer.from('Reason'), Buffer.from('Querie')],
  runningMark: Buffer.from('TokenCount"'),
  hearAnswer: hear,
  hearEvent: hear,
  // No event of its own ends this protocol's streams.
  isEnd: () => false,
  count,
};

/** With `enum-encoding=int`, as Google's own Vertex libraries ask for it, names are numbers. */
const NUMBERED: Readonly<Record<string, readonly string[]>> = {
  trafficType: ['TRAFFIC_TYPE_UNSPECIFIED', 'ON_DEMAND', 'PROVISIONED_THROUGHPUT'],
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
  const isBlocked = isNamed(asObject(chunk['promptFeedback'])?.['blockReason']);
  told.atEnd ||= isBlocked || candidates.some((candidate) => isNamed(candidate['finishReason']));
}

/** A reason by its name, or by its number where the client asked for `enum-encoding=int`; 0 is not specified. */
function isNamed(reason: unknown): boolean {
  return typeof reason === 'string' || (typeof reason === 'number' && reason > 0);
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
  const { segments, complete } = countGemini(usage, generateContentNames, note);
  return { segments, units, modifiers, complete };
}

function special(usage: JsonObject, name: string, note: Note): string | undefined {
  const given = usage[name];
  const word = typeof given === 'number' ? NUMBERED[name]?.[given] : nameIn(usage, name, note);
  return word === undefined || UNSPECIFIED.has(word) ? undefined : word;
}
