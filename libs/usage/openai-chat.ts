import type { Frame } from '#framing/frame.js';
import { countIn, nameIn, type Note } from './count.js';
import { isDone } from './done-event.js';
import { asObject, isEmpty, objectsIn, parseObject, present, type JsonObject } from './json.js';
import { chatWords, type Difference, NO_DIFFERENCE, openaiSegment } from './openai-tokens.js';
import { providerCostIn } from './provider-cost.js';
import { providerName } from './provider-name.js';
import type { UsageModifiers } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { mentionsAny } from './usage-mention.js';

/**
 * OpenAI chat completions. `prompt_tokens` includes cached, cache-written, audio, image and video tokens;
 * `completion_tokens` includes reasoning, audio, image and rejected prediction tokens.
 * https://platform.openai.com/docs/api-reference/chat/object
 */
export const openaiChat: UsageFamily = {
  usageMembers: ['usage'],
  // Ends prompt_tokens, completion_tokens and total_tokens.
  marks: [Buffer.from('kens":')],
  hearAnswer: hear,
  hearEvent: hear,
  isEnd: isDone,
  count,
};

/** Where a provider of this family counts otherwise than OpenAI. */
const differences: Readonly<Record<string, Difference>> = {
  // Completion leaves thinking out, and only the total tells how much it was.
  google: { unnamed: 'reasoning' },
  // What Voxtral hears is not in the prompt; some answers give it in seconds only.
  mistral: { where: 'prompt_audio_seconds', unnamed: 'audio' },
  openrouter: { writesMayBeRead: true },
  // Deep research bills reasoning and citations beside the completion. https://docs.perplexity.ai/getting-started/pricing
  perplexity: { where: 'citation_tokens', beside: ['reasoning', 'citation'], totalMayLeaveOut: true },
  xai: { beside: ['reasoning'] },
};

/** Where it is the model that counts otherwise, whoever passes its counts on. */
const modelDifferences: readonly (readonly [model: RegExp, difference: Difference])[] = [
  [/^(?:.*\/)?gemini-/, { unnamed: 'reasoning' }],
];

function differenceOf({ provider, model = '' }: CountingContext): Difference {
  return differences[providerName(provider)] ?? differenceOfModel(model) ?? NO_DIFFERENCE;
}

function differenceOfModel(model: string): Difference | undefined {
  return modelDifferences.find(([pattern]) => pattern.test(model))?.[1];
}

/**
 * The chunk that `stream_options.include_usage` adds before the end: usage and no choice. Azure's first chunk has no
 * choice either, but it carries no usage.
 */
export function isUsageChunk({ data }: Frame): boolean {
  if (data === undefined || !mentionsAny(data, ['usage'])) return false;
  const chunk = parseObject(data);
  return chunk !== undefined && asObject(chunk['usage']) !== undefined && objectsIn(chunk['choices']).length === 0;
}

function hear(message: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(message, 'model', note) ?? told.model;
  told.tier = nameIn(message, 'service_tier', note) ?? told.tier;
  const choices = objectsIn(message['choices']);
  // Groq and Moonshot put the usage of a stream elsewhere.
  const usage = usageIn(message) ?? usageIn(asObject(message['x_groq'])) ?? firstUsageIn(choices);
  if (usage === undefined) return;
  told.usage = usage;
  told.atEnd = choices.length === 0 || choices.some((choice) => typeof choice['finish_reason'] === 'string');
}

/** An empty usage object tells nothing, and takes nothing back. */
function usageIn(place: JsonObject | undefined): JsonObject | undefined {
  const usage = asObject(place?.['usage']);
  return usage === undefined || isEmpty(usage) ? undefined : usage;
}

function firstUsageIn(choices: readonly JsonObject[]): JsonObject | undefined {
  for (const choice of choices) {
    const usage = usageIn(choice);
    if (usage !== undefined) return usage;
  }
  return undefined;
}

function count(usage: JsonObject, context: CountingContext): Counted {
  const { told, note } = context;
  const { segment, complete } = openaiSegment(usage, chatWords, differenceOf(context), note);
  return {
    segments: [segment],
    units: unitsIn(usage, note),
    modifiers: modifiersIn(usage, told.tier, note),
    providerCost: providerCostIn(usage, note),
    complete,
  };
}

/** Searches of Perplexity and OpenRouter, and the sound that Mistral bills by its length. */
function unitsIn(usage: JsonObject, note: Note): Counted['units'] {
  const tools = asObject(usage['server_tool_use']) ?? asObject(usage['server_tool_use_details']);
  const seconds = countIn(usage, 'prompt_audio_seconds', note);
  return present({
    webSearch: countIn(usage, 'num_search_queries', note) ?? countIn(tools, 'web_search_requests', note),
    audioMs: seconds && seconds * 1000,
  });
}

/** What OpenAI-shaped usage objects say of the price. @param tier what the answer around the usage says. */
export function modifiersIn(usage: JsonObject, tier: string | undefined, note: Note): UsageModifiers | undefined {
  const byok = usage['is_byok'];
  const served = tier ?? nameIn(usage, 'service_tier', note);
  return present({
    tierServed: served === undefined ? undefined : standardTier(served),
    searchContextSize: nameIn(usage, 'search_context_size', note),
    byok: typeof byok === 'boolean' ? byok : undefined,
  });
}

/** OpenAI calls its standard tier `default`; `auto` is what a request says that leaves the choice to it. */
function standardTier(tier: string): string {
  return tier === 'default' || tier === 'auto' ? 'standard' : tier;
}
