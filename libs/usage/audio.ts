import { countIn, nameIn, type Note } from './count.js';
import { secondsAsMs } from './duration.js';
import { asObject, present, type JsonObject } from './json.js';
import { chatWords, type Difference, openaiSegment, responsesWords } from './openai-tokens.js';
import { providerName } from './provider-name.js';
import type { UsageSegment } from './usage.js';
import type { Counted, CountingContext, Told, UsageFamily } from './usage-family.js';
import { isDone } from './done-event.js';

/**
 * Transcription and speech. Some models are charged by the second of audio, others by the token; Mistral tells both.
 * https://platform.openai.com/docs/api-reference/audio https://docs.mistral.ai/api/endpoint/audio/transcriptions
 */
export const audio: UsageFamily = {
  usageMembers: ['usage'],
  hearAnswer: hear,
  hearEvent(message, told, note) {
    hear(message, told, note);
    // transcript.text.done and speech.audio.done end a stream; Mistral's transcription.done does.
    told.atEnd ||= typeof message['type'] === 'string' && message['type'].endsWith('.done');
    if (message['type'] === 'speech.audio.done') told.output = 'audio';
  },
  isEnd: isDone,
  count,
};

const differences: Readonly<Record<string, Difference>> = {
  // Voxtral's audio tokens are not within its prompt tokens.
  mistral: { beside: ['audio'] },
};

function hear(answer: JsonObject, told: Told, note: Note): void {
  told.model = nameIn(answer, 'model', note) ?? told.model;
  told.usage = asObject(answer['usage']) ?? told.usage;
  if (told.usage !== undefined) return;
  // A verbose answer of an older Whisper has no usage, but says how long the audio is.
  const audioMs = secondsAsMs(answer, 'duration', note);
  if (audioMs !== undefined) told.units = { audioMs };
}

function count(usage: JsonObject, { provider, told, note }: CountingContext): Counted {
  const audioMs = secondsAsMs(usage, 'seconds', note) ?? secondsAsMs(usage, 'prompt_audio_seconds', note);
  const units = present({ audioMs: audioMs ?? told.units?.audioMs });
  const tier = nameIn(usage, 'service_tier', note);
  const tokens = tokensOf(usage, differences[providerName(provider)] ?? {}, note);
  return {
    segments: tokens === undefined ? [] : [told.output === 'audio' ? spoken(tokens.segment) : tokens.segment],
    units,
    modifiers: present({ tierServed: tier }),
    complete: tokens?.complete ?? units !== undefined,
  };
}

function tokensOf(usage: JsonObject, difference: Difference, note: Note) {
  if (countIn(usage, 'prompt_tokens', note) !== undefined) {
    return openaiSegment(usage, chatWords, difference, note);
  }
  if (countIn(usage, 'input_tokens', note) === undefined) return undefined;
  // OpenAI says input_token_details here and input_tokens_details elsewhere.
  const details = usage['input_token_details'] ?? usage['input_tokens_details'];
  return openaiSegment({ ...usage, input_tokens_details: details }, responsesWords, difference, note);
}

/** Speech is the output of a model that speaks: its usage object does not say so. */
function spoken({ out, ...segment }: UsageSegment): UsageSegment {
  return { ...segment, out: present({ audio: out.text }) ?? {} };
}
