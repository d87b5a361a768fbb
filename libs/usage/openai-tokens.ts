import { countIn, Division, type Note } from './count.js';
import { asObject, present, type JsonObject } from './json.js';
import type { InputQuantities, UsageSegment } from './usage.js';

/** The words for one and the same thing. */
type TokenWords = typeof chatWords | typeof responsesWords;

export const chatWords = {
  input: 'prompt_tokens',
  inputDetails: 'prompt_tokens_details',
  output: 'completion_tokens',
  outputDetails: 'completion_tokens_details',
} as const;

export const responsesWords = {
  input: 'input_tokens',
  inputDetails: 'input_tokens_details',
  output: 'output_tokens',
  outputDetails: 'output_tokens_details',
} as const;

/** A count that may stand within its whole, as OpenAI has it, or beside it. */
type Part = 'reasoning' | 'citation' | 'audio' | 'cache';

/** Where a provider counts otherwise than OpenAI, whose wholes include all of their parts. */
export interface Difference {
  /** The member of the usage object that shows that the rest applies; without it the rest always does. */
  readonly where?: string;
  /** What is counted beside prompt and completion. */
  readonly beside?: readonly Part[];
  /** The provider's total may leave out what it counts beside. */
  readonly totalMayLeaveOut?: true;
  /** What the total holds beyond prompt and completion where no count names it. */
  readonly unnamed?: Part;
  /** A token that was written to the cache and read from it by the same request is in both counts. */
  readonly writesMayBeRead?: true;
}

export const NO_DIFFERENCE: Difference = {};

const INPUT_PARTS: readonly Part[] = ['cache', 'audio'];
const OUTPUT_PARTS: readonly Part[] = ['reasoning', 'citation'];

/** How the parts may stand where a provider's rule is not known, the likeliest first. */
const ARRANGEMENTS: readonly (readonly Part[])[] = [[], ['reasoning'], ['cache'], ['audio'], ['cache', 'reasoning']];

interface CacheWrites {
  readonly whole: number | undefined;
  readonly fiveMinutes?: number | undefined;
  readonly oneHour?: number | undefined;
}

interface Told {
  readonly words: TokenWords;
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly total: number | undefined;
  readonly cached: number | undefined;
  readonly writes: CacheWrites;
  readonly part: Readonly<Record<Part, number | undefined>>;
  readonly inputDetails: JsonObject | undefined;
  readonly outputDetails: JsonObject | undefined;
}

/** A usage object in OpenAI's words as disjoint quantities. */
export function openaiSegment(
  usage: JsonObject,
  words: TokenWords,
  stated: Difference,
  note: Note,
): { segment: UsageSegment; complete: boolean } {
  const applies = stated.where === undefined || typeof usage[stated.where] === 'number';
  const difference = applies ? stated : NO_DIFFERENCE;
  const told = withUnnamed(toldIn(usage, words, note), difference);
  const beside = arrangementOf(told, difference, note);
  const input = new Division(words.input, wholeOf(told.input, INPUT_PARTS, told, beside), note);
  const output = new Division(words.output, wholeOf(told.output, OUTPUT_PARTS, told, beside), note);
  checkCacheMiss(usage, told, note);
  return {
    segment: { in: inputOf(told, input, difference, note), kind: 'main', out: outputOf(told, output, note) },
    // An empty completion is not told at all: a total that is the input says that there was none.
    complete: told.input !== undefined && (told.output !== undefined || told.total === told.input),
  };
}

function toldIn(usage: JsonObject, words: TokenWords, note: Note): Told {
  const inputDetails = asObject(usage[words.inputDetails]);
  const outputDetails = asObject(usage[words.outputDetails]);
  const cached = cachedIn(usage, inputDetails, note);
  const writes = cacheWritesIn(usage, words, note);
  const part = {
    reasoning: countIn(outputDetails, 'reasoning_tokens', note) ?? countIn(usage, 'reasoning_tokens', note),
    citation: countIn(usage, 'citation_tokens', note),
    audio: countIn(inputDetails, 'audio_tokens', note),
    cache: (cached ?? 0) + (writes.whole ?? 0),
  };
  return {
    words,
    input: countIn(usage, words.input, note),
    output: countIn(usage, words.output, note),
    total: countIn(usage, 'total_tokens', note),
    cached,
    writes,
    part,
    inputDetails,
    outputDetails,
  };
}

/** The same count has other names at DeepSeek, Moonshot and Mistral; where two are given they are one. */
function cachedIn(usage: JsonObject, details: JsonObject | undefined, note: Note): number | undefined {
  return (
    countIn(details, 'cached_tokens', note) ??
    countIn(usage, 'prompt_cache_hit_tokens', note) ??
    countIn(usage, 'cached_tokens', note) ??
    countIn(usage, 'num_cached_tokens', note)
  );
}

/** OpenAI and OpenRouter give the whole; Qwen and LiteLLM call it otherwise, and may split it by how long it lives. */
function cacheWritesIn(usage: JsonObject, words: TokenWords, note: Note): CacheWrites {
  const details = asObject(usage[words.inputDetails]);
  // Beside input_tokens they would be Anthropic's, and not within it.
  const gateway = words.input === 'prompt_tokens' ? usage : undefined;
  const split =
    asObject(details?.['cache_creation']) ??
    asObject(details?.['cache_creation_token_details']) ??
    asObject(gateway?.['cache_creation']);
  const fiveMinutes = countIn(split, 'ephemeral_5m_input_tokens', note);
  const oneHour = countIn(split, 'ephemeral_1h_input_tokens', note);
  const whole =
    countIn(details, 'cache_write_tokens', note) ??
    countIn(details, 'cache_creation_tokens', note) ??
    countIn(details, 'cache_creation_input_tokens', note) ??
    countIn(gateway, 'cache_creation_input_tokens', note);
  const sum = fiveMinutes === undefined && oneHour === undefined ? undefined : (fiveMinutes ?? 0) + (oneHour ?? 0);
  return { whole: whole ?? sum, fiveMinutes, oneHour };
}

function withUnnamed(told: Told, { unnamed }: Difference): Told {
  const { input, output, total, part } = told;
  if (unnamed === undefined || input === undefined || output === undefined || total === undefined) return told;
  if ((part[unnamed] ?? 0) > 0 || total <= input + output) return told;
  return { ...told, part: { ...part, [unnamed]: total - input - output } };
}

/**
 * Which parts stand beside their whole: as the provider's rule says where its total agrees, else as the total says
 * where it agrees with another arrangement. That is how gateways of unknown make are read.
 */
function arrangementOf(told: Told, difference: Difference, note: Note): readonly Part[] {
  const rule = difference.beside ?? [];
  const { words, input, output, total } = told;
  if (input === undefined || output === undefined || total === undefined) return rule;
  const parts = total - input - output;
  if (sumOf(0, told, rule) === parts || (difference.totalMayLeaveOut === true && parts === 0)) return rule;
  const fitting = arrangementOfParts(parts, told);
  // A provider that is known to count in its own way, and does not do so here, is worth a look.
  if (fitting === undefined || rule.length > 0) {
    note('total_mismatch', `total_tokens is ${total}, but ${words.input} is ${input} and ${words.output} ${output}.`);
  }
  return fitting ?? rule;
}

function arrangementOfParts(parts: number, told: Told): readonly Part[] | undefined {
  return ARRANGEMENTS.find((beside) => sumOf(0, told, beside) === parts);
}

function sumOf(count: number, { part }: Told, beside: readonly Part[]): number {
  let sum = count;
  for (const name of beside) sum += part[name] ?? 0;
  return sum;
}

/** A count with those of its own parts that stand beside it. */
function wholeOf(
  count: number | undefined,
  parts: readonly Part[],
  told: Told,
  beside: readonly Part[],
): number | undefined {
  if (count === undefined || beside.length === 0) return count;
  return sumOf(
    count,
    told,
    parts.filter((part) => beside.includes(part)),
  );
}

function inputOf(told: Told, input: Division, difference: Difference, note: Note): InputQuantities {
  const details = told.inputDetails;
  const cached = input.take('cached_tokens', told.cached);
  const cacheRead = readByModality(cached, asObject(details?.['cached_tokens_details']), note);
  const writes = difference.writesMayBeRead ? unread(told, input, note) : told.writes;
  const cacheWrite = writesByDuration(writes, input, note);
  const audio = input.take('audio_tokens', uncached(told.part.audio, cacheRead?.audio));
  const image = input.take('image_tokens', uncached(countIn(details, 'image_tokens', note), cacheRead?.image));
  const video = input.take('video_tokens', uncached(countIn(details, 'video_tokens', note), cacheRead?.video));
  const fresh = present({ audio, image, text: input.rest(), video });
  return present({ cacheRead, cacheWrite, fresh }) ?? {};
}

/** What was read from the cache is not fresh. */
function uncached(count: number | undefined, read = 0): number | undefined {
  return count === undefined ? undefined : Math.max(0, count - read);
}

function readByModality(
  cached: number | undefined,
  split: JsonObject | undefined,
  note: Note,
): InputQuantities['cacheRead'] {
  if (cached === undefined && split === undefined) return undefined;
  const division = new Division('cached_tokens', cached, note);
  const audio = division.take('audio_tokens', countIn(split, 'audio_tokens', note));
  const image = division.take('image_tokens', countIn(split, 'image_tokens', note));
  const video = division.take('video_tokens', countIn(split, 'video_tokens', note));
  return present({ audio, image, text: division.rest(), video });
}

/** Where the writes exceed what is left beside the reads, the same tokens are in both: they are counted as read. */
function unread({ words, writes, cached = 0 }: Told, input: Division, note: Note): CacheWrites {
  const left = input.rest();
  if (writes.whole === undefined || left === undefined || writes.whole <= left) return writes;
  note(
    'part_exceeds_whole',
    `cached_tokens is ${cached} and cache_write_tokens ${writes.whole}: of ${words.input}, what is in both is counted as read.`,
  );
  return { whole: Math.max(0, writes.whole - cached) };
}

function writesByDuration(writes: CacheWrites, input: Division, note: Note): InputQuantities['cacheWrite'] {
  if (writes.whole === undefined) return undefined;
  const division = new Division('cache_write_tokens', input.take('cache_write_tokens', writes.whole), note);
  const ttl1h = division.take('ephemeral_1h_input_tokens', writes.oneHour);
  const ttl5m = division.take('ephemeral_5m_input_tokens', writes.fiveMinutes);
  const isSplit = ttl5m !== undefined || ttl1h !== undefined;
  const rest = division.rest();
  return present({ other: isSplit && rest === 0 ? undefined : rest, ttl1h, ttl5m });
}

/** Accepted and rejected prediction tokens are billed as completion tokens: they stay a part of the text. */
function outputOf(told: Told, output: Division, note: Note): UsageSegment['out'] {
  const reasoning = output.take('reasoning_tokens', told.part.reasoning);
  const citation = output.take('citation_tokens', told.part.citation);
  const audio = output.take('audio_tokens', countIn(told.outputDetails, 'audio_tokens', note));
  const image = output.take('image_tokens', countIn(told.outputDetails, 'image_tokens', note));
  return present({ audio, citation, image, reasoning, text: output.rest() }) ?? {};
}

/** DeepSeek: hit + miss = prompt. https://api-docs.deepseek.com/guides/kv_cache */
function checkCacheMiss(usage: JsonObject, { input }: Told, note: Note): void {
  const hit = countIn(usage, 'prompt_cache_hit_tokens', note);
  const miss = countIn(usage, 'prompt_cache_miss_tokens', note);
  if (hit === undefined || miss === undefined || input === undefined || hit + miss === input) return;
  note('total_mismatch', `prompt_tokens is ${input}, but cache hits and misses are ${hit} and ${miss}.`);
}
