import { countIn, nameIn, type Note } from './count.js';
import { secondsAsMs } from './duration.js';
import { asObject, objectsIn, present, type JsonObject } from './json.js';
import { openaiSegment, responsesWords } from './openai-tokens.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';

/**
 * Alibaba's native DashScope API: generation, and embedding, reranking, images and speech, which share its frame.
 * Input includes cached, cache-written, image, audio and video tokens; output includes reasoning. Every event of a
 * stream has the usage so far.
 * https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-dashscope
 */
export const dashscope: UsageFamily = {
  usageMembers: ['usage', 'code'],
  hearAnswer: hear,
  hearEvent: hear,
  isEnd: () => false,
  count,
};

function hear(message: JsonObject, told: Told, note: Note): void {
  // An error has no object of its own: its code stands where an answer has its output.
  const code = nameIn(message, 'code', note);
  if (code !== undefined) note('stream_error', `The upstream reported ${code}.`);
  told.usage = asObject(message['usage']) ?? told.usage;
  const output = asObject(message['output']);
  told.atEnd ||= [output, ...objectsIn(output?.['choices'])].some(isFinished);
}

/** While an answer is under way its reason to finish is the string "null". */
function isFinished(output: JsonObject | undefined): boolean {
  const reason = output?.['finish_reason'];
  return typeof reason === 'string' && reason !== 'null' && reason !== '';
}

function count(usage: JsonObject, { note }: CountingContext): Counted {
  const output = countIn(usage, 'output_tokens', note);
  // What has no output, such as an embedding, may tell the total alone.
  const alone = output === undefined ? usage['total_tokens'] : undefined;
  const { segment, complete } = openaiSegment(inOpenaiPlaces(usage, alone), responsesWords, {}, note);
  const units = unitsOf(usage, note);
  const hasInput = usage['input_tokens'] !== undefined || alone !== undefined;
  return {
    segments: hasInput || output !== undefined ? [segment] : [],
    units,
    complete: complete || (output === undefined && (hasInput || units !== undefined)),
  };
}

const MODALITIES = ['image_tokens', 'audio_tokens', 'video_tokens'];

/** The words are OpenAI's, their places are not: older models tell modalities beside the input, and caching apart. */
function inOpenaiPlaces(usage: JsonObject, alone: unknown): JsonObject {
  const beside = Object.fromEntries(MODALITIES.map((name) => [name, usage[name]]));
  const caching = asObject(usage['prompt_tokens_details']);
  return {
    ...usage,
    input_tokens: usage['input_tokens'] ?? alone,
    input_tokens_details: { ...beside, ...caching, ...asObject(usage['input_tokens_details']) },
  };
}

function unitsOf(usage: JsonObject, note: Note): Counted['units'] {
  const search = asObject(asObject(usage['plugins'])?.['search']);
  return present({
    webSearch: countIn(search, 'count', note),
    images: countIn(usage, 'image_count', note),
    characters: countIn(usage, 'characters', note),
    // Speech recognition is charged by the second. Beside a count of videos the duration is theirs.
    audioMs: usage['video_count'] === undefined ? secondsOf(usage, note) : undefined,
  });
}

const secondsOf = (usage: JsonObject, note: Note) =>
  secondsAsMs(usage, 'seconds', note) ?? secondsAsMs(usage, 'duration', note);
