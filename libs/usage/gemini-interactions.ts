import { countIn, nameIn, type Note } from './count.js';
import { billedSearches, queriesIn } from './gemini-searches.js';
import { countGemini, interactionNames } from './gemini-tokens.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { isDone } from './done-event.js';

/**
 * Google's Interactions API. It counts as generateContent does, under other names; the usage of a stream comes with
 * the whole interaction in its last event.
 * https://ai.google.dev/api/interactions-api
 */
export const geminiInteractions: UsageFamily = {
  usageMembers: ['usage', 'queries'],
  hearAnswer: hearInteraction,
  hearEvent(message, told, note) {
    hearInteraction(asObject(message['interaction']), told, note);
    hearSearch(asObject(message['delta']), told);
  },
  isEnd: isDone,
  count,
};

function hearInteraction(interaction: JsonObject | undefined, told: Told, note: Note): void {
  told.model = nameIn(interaction, 'model', note) ?? told.model;
  told.tier = nameIn(interaction, 'service_tier', note) ?? told.tier;
  for (const step of objectsIn(interaction?.['steps'] ?? interaction?.['outputs'])) hearSearch(step, told);
  const usage = asObject(interaction?.['usage']);
  if (usage === undefined) return;
  told.usage = usage;
  told.atEnd = interaction?.['status'] !== 'in_progress';
}

/** A step of the answer, or what a stream adds to one. */
function hearSearch(step: JsonObject | undefined, told: Told): void {
  if (step?.['type'] !== 'google_search_call') return;
  const queries = asObject(step['arguments'])?.['queries'];
  const found = Array.isArray(queries) ? queriesIn(queries) : undefined;
  if (found !== undefined) told.units = { webSearch: (told.units?.webSearch ?? 0) + found };
}

function count(usage: JsonObject, { model, told, note }: CountingContext): Counted {
  const units = present({ webSearch: billedSearches(searchesIn(usage, note) ?? told.units?.webSearch, model) });
  const { segments, complete } = countGemini(usage, interactionNames, note);
  return { segments, units, modifiers: present({ tierServed: told.tier }), complete };
}

/** Google's own count of the searches, where it gives one. */
function searchesIn(usage: JsonObject, note: Note): number | undefined {
  const tools = objectsIn(usage['grounding_tool_count']);
  return countIn(
    tools.find((tool) => tool['type'] === 'google_search'),
    'count',
    note,
  );
}
