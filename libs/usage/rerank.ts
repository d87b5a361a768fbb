import { countBilledUnits } from './cohere-billed-units.js';
import { countIn, nameIn, type Note } from './count.js';
import { asObject, type JsonObject } from './json.js';
import { chatWords, openaiSegment } from './openai-tokens.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Reranking. Cohere charges searches, in meta.billed_units; Voyage, Jina and Together charge tokens, in usage. There
 * is no output to count.
 * https://docs.cohere.com/reference/rerank https://docs.voyageai.com/reference/reranker-api
 */
export const rerank: UsageFamily = {
  usageMembers: ['usage', 'meta'],
  hearAnswer: hear,
  hearEvent: hear,
  isEnd: () => false,
  count,
};

function hear(answer: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(answer, 'model', note) ?? told.model;
  told.usage = asObject(answer['usage']) ?? asObject(answer['meta']) ?? told.usage;
}

function count(usage: JsonObject, { note }: CountingContext): Counted {
  const input = countIn(usage, 'prompt_tokens', note) ?? countIn(usage, 'total_tokens', note);
  if (input === undefined) {
    const { segments, units } = countBilledUnits(usage, note);
    return { segments, units, complete: units?.rerankSearches !== undefined };
  }
  const { segment } = openaiSegment({ ...usage, prompt_tokens: input }, chatWords, {}, note);
  return { segments: [segment], complete: true };
}
