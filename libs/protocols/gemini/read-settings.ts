import { defined } from '../chat/defined.js';
import type { OutputFormat, ReasoningSetting, Settings } from '../chat/chat-request.js';
import type { Members } from '../chat/members.js';
import { jsonSchemaOf } from './open-api-schema.js';
import { readServiceTier } from './service-tier.js';

/** All but the choice of tools: https://ai.google.dev/api/generate-content#generationconfig */
export function readSettings(body: Members): Settings {
  const config = body.object('generationConfig');
  return defined<Settings>({
    maxOutputTokens: config?.integer('maxOutputTokens'),
    temperature: config?.number('temperature'),
    topP: config?.number('topP'),
    topK: config && readTopK(config),
    stop: config?.strings('stopSequences'),
    seed: config?.integer('seed'),
    frequencyPenalty: config?.number('frequencyPenalty'),
    presencePenalty: config?.number('presencePenalty'),
    logprobs: config && readLogprobs(config),
    candidates: config?.integer('candidateCount'),
    output: config && readOutput(config),
    reasoning: config && readReasoning(config.object('thinkingConfig')),
    serviceTier: readServiceTier(body.string('serviceTier')),
    toolChoice: undefined,
    parallelToolCalls: undefined,
    verbosity: undefined,
    user: undefined,
    metadata: undefined,
  });
}

/** What Google's models since 2.0 take without being told, and what its own clients send. */
const USUAL_TOP_K = 64;

function readTopK(config: Members): number | undefined {
  if (config.value('topK') !== USUAL_TOP_K) return config.number('topK');
  config.losses.hint(config.pathOf('topK'), 'it is what Gemini does without it');
  return undefined;
}

/** Without responseLogprobs the number is wrong to Google too, and is told as not understood. */
function readLogprobs(config: Members): Settings['logprobs'] {
  if (config.boolean('responseLogprobs') !== true) return undefined;
  return { top: config.integer('logprobs') ?? 0 };
}

function readOutput(config: Members): OutputFormat | undefined {
  // That the answer is text is what all others give.
  if (!isTextOnly(config.value('responseModalities'))) {
    config.losses.add(config.pathOf('responseModalities'), 'the answer can only be text');
  }
  const mediaType = config.string('responseMimeType') ?? 'text/plain';
  const older = config.json('responseSchema');
  const schema =
    config.json('responseJsonSchema') ?? config.json('_responseJsonSchema') ?? (older && jsonSchemaOf(older));
  if (mediaType !== 'application/json') {
    if (mediaType !== 'text/plain') config.losses.add(config.pathOf('responseMimeType'), 'the answer is text or JSON');
    else if (schema !== undefined) throw config.wrong('responseMimeType', 'application/json for an answer by a schema');
    return undefined;
  }
  return schema === undefined ? { kind: 'json' } : { kind: 'json-schema', schema };
}

function isTextOnly(modalities: unknown): boolean {
  return modalities === undefined || (Array.isArray(modalities) && modalities.every((one) => one === 'TEXT'));
}

const LEVELS = ['minimal', 'low', 'medium', 'high'] as const;

function readReasoning(thinking: Members | undefined): ReasoningSetting | undefined {
  if (thinking === undefined) return undefined;
  const level = thinking.string('thinkingLevel')?.toLowerCase() ?? 'thinking_level_unspecified';
  const effort = LEVELS.find((one) => one === level);
  if (effort === undefined && level !== 'thinking_level_unspecified') {
    throw thinking.wrong('thinkingLevel', 'MINIMAL, LOW, MEDIUM or HIGH');
  }
  return defined<ReasoningSetting>({
    effort,
    budgetTokens: thinking.integer('thinkingBudget'),
    shown: thinking.boolean('includeThoughts'),
  });
}
