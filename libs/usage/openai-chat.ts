import type { SsePiece } from '#framing/sse.js';
import { countIn, Division, nameIn, type Note } from './count.js';
import { asObject, objectsIn, parseObject, present, type JsonObject } from './json.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { mentionsAny } from './usage-mention.js';

/**
 * OpenAI chat completions. `prompt_tokens` includes cached, cache-written, audio, image and video tokens;
 * `completion_tokens` includes reasoning, audio, image and rejected prediction tokens.
 * https://platform.openai.com/docs/api-reference/chat/object
 */
export const openaiChat: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer: hear,
  hearEvent: hear,
  isEnd: ({ data }) => data?.equals(DONE) === true,
  count,
};

const DONE = Buffer.from('[DONE]');

/** Where a provider of this family counts otherwise than OpenAI. */
interface Difference {
  /**
   * How completion is found. total-minus-prompt: `completion_tokens` leaves thinking out.
   * plus-reasoning: reasoning is counted beside it.
   */
  readonly completion: 'total-minus-prompt' | 'plus-reasoning';
}

const differences: Readonly<Record<string, Difference>> = {
  google: { completion: 'total-minus-prompt' },
  xai: { completion: 'plus-reasoning' },
};

/**
 * The chunk that `stream_options.include_usage` adds before the end: usage and no choice. Azure's first chunk has no
 * choice either, but it carries no usage.
 */
export function isUsageChunk({ data }: SsePiece): boolean {
  if (data === undefined || !mentionsAny(data, openaiChat.usageMembers)) return false;
  const chunk = parseObject(data);
  return chunk !== undefined && asObject(chunk['usage']) !== undefined && objectsIn(chunk['choices']).length === 0;
}

function hear(message: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(message, 'model', note) ?? told.model;
  told.tier = nameIn(message, 'service_tier', note) ?? told.tier;
  const choices = objectsIn(message['choices']);
  // Groq and Moonshot put the usage of a stream elsewhere.
  const usage =
    asObject(message['usage']) ?? asObject(asObject(message['x_groq'])?.['usage']) ?? asObject(choices[0]?.['usage']);
  if (usage === undefined) return;
  told.usage = usage;
  told.atEnd = choices.length === 0 || choices.some((choice) => typeof choice['finish_reason'] === 'string');
}

function count(usage: JsonObject, { provider, told, note }: CountingContext): Counted {
  const prompt = countIn(usage, 'prompt_tokens', note);
  const completion = completionOf(usage, differences[provider], note);
  checkTotal(usage, { prompt, completion }, note);
  return {
    segments: [{ kind: 'main', in: inputOf(usage, prompt, note), out: outputOf(usage, completion, note) }],
    ...(told.tier === undefined ? {} : { modifiers: { tierServed: tierOf(told.tier) } }),
    complete: prompt !== undefined && completion !== undefined,
  };
}

function completionOf(usage: JsonObject, difference: Difference | undefined, note: Note): number | undefined {
  const completion = countIn(usage, 'completion_tokens', note);
  switch (difference?.completion) {
    case undefined:
      return completion;
    case 'plus-reasoning':
      return completion === undefined ? undefined : completion + (reasoningOf(usage, note) ?? 0);
    case 'total-minus-prompt': {
      const total = countIn(usage, 'total_tokens', note);
      const prompt = countIn(usage, 'prompt_tokens', note);
      return total === undefined || prompt === undefined || total < prompt ? completion : total - prompt;
    }
  }
}

function inputOf(usage: JsonObject, prompt: number | undefined, note: Note) {
  const details = asObject(usage['prompt_tokens_details']);
  const division = new Division('prompt_tokens', prompt, note);
  const take = (name: string) => division.take(name, countIn(details, name, note));
  // The same count has other names at DeepSeek, Moonshot and Mistral; where two are given they are one.
  const cached =
    countIn(details, 'cached_tokens', note) ??
    countIn(usage, 'prompt_cache_hit_tokens', note) ??
    countIn(usage, 'cached_tokens', note) ??
    countIn(usage, 'num_cached_tokens', note);
  const cacheRead = present({ text: division.take('cached_tokens', cached) });
  const cacheWrite = present({ other: take('cache_write_tokens') });
  const rich = { audio: take('audio_tokens'), image: take('image_tokens'), video: take('video_tokens') };
  const fresh = present({ text: division.rest(), ...rich });
  return { ...(fresh && { fresh }), ...(cacheRead && { cacheRead }), ...(cacheWrite && { cacheWrite }) };
}

function outputOf(usage: JsonObject, completion: number | undefined, note: Note) {
  const details = asObject(usage['completion_tokens_details']);
  const division = new Division('completion_tokens', completion, note);
  const take = (name: string) => division.take(name, countIn(details, name, note));
  const reasoning = division.take('reasoning_tokens', reasoningOf(usage, note));
  const rich = { audio: take('audio_tokens'), image: take('image_tokens') };
  return present({ text: division.rest(), reasoning, ...rich }) ?? {};
}

function reasoningOf(usage: JsonObject, note: Note): number | undefined {
  const details = asObject(usage['completion_tokens_details']);
  return countIn(details, 'reasoning_tokens', note) ?? countIn(usage, 'reasoning_tokens', note);
}

function checkTotal(
  usage: JsonObject,
  sum: { prompt: number | undefined; completion: number | undefined },
  note: Note,
) {
  const total = countIn(usage, 'total_tokens', note);
  if (total === undefined || sum.prompt === undefined || sum.completion === undefined) return;
  if (total === sum.prompt + sum.completion) return;
  note('total_mismatch', `total_tokens is ${total}, but input is ${sum.prompt} and output ${sum.completion}.`);
}

/** OpenAI calls its standard tier `default`; `auto` is what a request says that leaves the choice to it. */
function tierOf(tier: string): string {
  return tier === 'default' || tier === 'auto' ? 'standard' : tier;
}
