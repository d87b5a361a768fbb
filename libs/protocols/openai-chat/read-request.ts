import { asObject } from '#usage/json.js';
import { defined } from '../chat/defined.js';
import type { ChatRequest, OutputFormat, ReasoningSetting, Settings } from '../chat/chat-request.js';
import { InvalidBody, type Members } from '../chat/members.js';
import { readMessages } from './read-messages.js';
import { readToolChoice, readTools } from './read-tools.js';

/** https://platform.openai.com/docs/api-reference/chat/create, and what OpenRouter adds to it. */
export function readRequest(body: Members): ChatRequest {
  const { instructions, messages } = readMessages(body);
  const request = {
    ...defined<Pick<ChatRequest, 'model' | 'stream'>>({ model: body.string('model'), stream: body.boolean('stream') }),
    instructions,
    messages,
    tools: readTools(body),
    settings: readSettings(body),
  };
  skipRest(body);
  return request;
}

function readSettings(body: Members): Settings {
  const candidates = body.integer('n');
  const metadata = body.json('metadata');
  return defined<Settings>({
    maxOutputTokens: readLimit(body),
    temperature: body.number('temperature'),
    topP: body.number('top_p'),
    // Not OpenAI's, but nearly every other server of this protocol takes it.
    topK: body.integer('top_k'),
    stop: readStops(body),
    // Mistral calls it random_seed.
    seed: body.integer('seed') ?? body.integer('random_seed'),
    frequencyPenalty: body.number('frequency_penalty'),
    presencePenalty: body.number('presence_penalty'),
    logprobs: readLogprobs(body),
    candidates: candidates === 1 ? undefined : candidates,
    output: readOutput(body.object('response_format')),
    reasoning: readReasoning(body),
    toolChoice: readToolChoice(body),
    parallelToolCalls: body.boolean('parallel_tool_calls'),
    verbosity: body.string('verbosity'),
    user: body.string('user'),
    metadata: metadata && readMetadata(metadata),
    serviceTier: body.string('service_tier'),
  });
}

/** `max_tokens` is the older name of the same limit. */
function readLimit(body: Members): number | undefined {
  const current = body.integer('max_completion_tokens');
  const older = body.integer('max_tokens');
  if (current !== undefined && older !== undefined && current !== older) {
    throw new InvalidBody('max_tokens', 'max_tokens and max_completion_tokens differ: give one of them.');
  }
  return current ?? older;
}

function readStops(body: Members): string[] | undefined {
  const isOne = typeof body.value('stop') === 'string';
  const stops = isOne ? [body.requiredString('stop')] : body.strings('stop');
  const told = stops?.filter((stop) => stop !== '');
  return told === undefined || told.length === 0 ? undefined : told;
}

function readLogprobs(body: Members): { top: number } | undefined {
  const asked = body.boolean('logprobs') === true;
  const top = body.integer('top_logprobs');
  if (!asked && top !== undefined && top > 0) {
    throw new InvalidBody('top_logprobs', 'top_logprobs is given without logprobs: set logprobs to true.');
  }
  return asked ? { top: top ?? 0 } : undefined;
}

function readMetadata(metadata: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => {
      if (typeof value === 'string') return [name, value];
      throw new InvalidBody('metadata', 'The values of metadata must be strings.');
    }),
  );
}

function readOutput(format: Members | undefined): OutputFormat | undefined {
  if (format === undefined) return undefined;
  const type = format.requiredString('type');
  switch (type) {
    case 'text':
      return undefined;
    case 'json_object':
      return { kind: 'json' };
    case 'json_schema': {
      const described = format.object('json_schema') ?? format.missing('json_schema');
      return defined<OutputFormat & { kind: 'json-schema' }>({
        kind: 'json-schema',
        // OpenAI takes a format without a schema: any JSON.
        schema: described.json('schema') ?? {},
        name: described.string('name'),
        description: described.string('description'),
        strict: described.boolean('strict'),
      });
    }
    default:
      format.lose('this type of response format is not known here');
      return undefined;
  }
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
type Effort = (typeof efforts)[number];

/** OpenAI's `reasoning_effort`, or OpenRouter's `reasoning` (https://openrouter.ai/docs/use-cases/reasoning-tokens). */
function readReasoning(body: Members): ReasoningSetting | undefined {
  const reasoning = body.object('reasoning');
  const isOff = reasoning?.boolean('enabled') === false;
  const hides = reasoning?.boolean('exclude');
  const setting = defined<ReasoningSetting>({
    effort:
      readEffort(body, 'reasoning_effort') ??
      (reasoning && readEffort(reasoning, 'effort')) ??
      (isOff ? 'none' : undefined),
    budgetTokens: reasoning?.integer('max_tokens'),
    shown: hides === undefined ? undefined : !hides,
  });
  return Object.keys(setting).length === 0 ? undefined : setting;
}

function readEffort(members: Members, name: string): Effort | undefined {
  const word = members.string(name);
  const effort = efforts.find((known) => known === word);
  if (word !== undefined && effort === undefined) {
    members.losses.add(members.pathOf(name), `an effort is one of ${efforts.join(', ')}`);
  }
  return effort;
}

/** What no other protocol has, and what has no effect on the answer. */
const unsayable = {
  logit_bias: 'there is no bias of single tokens elsewhere',
  prediction: 'there is no predicted output elsewhere',
  web_search_options: 'a web search by the provider is not converted',
  audio: 'there is no spoken output elsewhere',
  moderation: 'there is no moderation by the provider elsewhere',
} as const;

const hints = {
  safety_identifier: 'it names the end user to the provider',
  prompt_cache_key: 'it steers where the provider caches',
  prompt_cache_retention: 'it steers how long the provider caches',
  prompt_cache_options: 'it steers how the provider caches',
  // OpenRouter, Z.ai
  usage: 'usage is always told',
  tool_stream: 'it steers only how the answer is cut into pieces',
} as const;

function skipRest(body: Members): void {
  for (const [name, reason] of Object.entries(unsayable)) {
    const value = body.value(name);
    // A bias of no token is none.
    const isEmpty = name === 'logit_bias' && Object.keys(asObject(value) ?? {}).length === 0;
    if (value !== undefined && !isEmpty) body.losses.add(name, reason);
  }
  for (const [name, reason] of Object.entries(hints)) body.hint(name, reason);
  const modalities = body.strings('modalities') ?? ['text'];
  if (modalities.some((one) => one !== 'text')) body.losses.add('modalities', 'there is no output but text elsewhere');
  if (body.value('store') === true) body.losses.hint('store', 'the answer is not kept for later retrieval');
  const options = body.object('stream_options');
  // Who converts the stream decides whether usage is told in it.
  options?.ignore('include_usage');
  options?.hint('include_obfuscation', 'only the size of chunks depends on it');
}
