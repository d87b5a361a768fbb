import type { JsonObject } from '#usage/json.js';
import type { Target } from '../chat/chat-protocol.js';
import type { ChatRequest, OutputFormat, ReasoningSetting, Setting, Settings } from '../chat/chat-request.js';
import { reasoningBudget } from '../chat/reasoning-effort.js';
import { isGemini3 } from './model-generation.js';
import { writeServiceTier } from './service-tier.js';

/** These two have their places outside of generationConfig, and these two belong to the choice of tools. */
type Elsewhere = 'serviceTier' | 'toolChoice' | 'parallelToolCalls';

type WriteSettings = {
  readonly [Name in Exclude<Setting, Elsewhere>]: (value: NonNullable<Settings[Name]>, to: Target) => JsonObject;
};

/** What each setting becomes within generationConfig. The compiler asks for every one of them. */
const write: WriteSettings = {
  maxOutputTokens: (maxOutputTokens) => ({ maxOutputTokens }),
  temperature: (temperature) => ({ temperature }),
  topP: (topP) => ({ topP }),
  topK: (topK) => ({ topK }),
  stop: (stopSequences) => ({ stopSequences }),
  seed: (seed) => ({ seed }),
  frequencyPenalty: (frequencyPenalty) => ({ frequencyPenalty }),
  presencePenalty: (presencePenalty) => ({ presencePenalty }),
  logprobs: ({ top }) => ({ responseLogprobs: true, ...(top > 0 && { logprobs: top }) }),
  candidates: (candidateCount) => ({ candidateCount }),
  output: writeOutput,
  reasoning: writeReasoning,
  // Medium is what happens without it.
  verbosity: (verbosity, to) =>
    verbosity === 'medium' ? {} : lost(to, 'verbosity', 'Gemini takes no length of the answer in words'),
  user: (_, to) => hinted(to, 'user', 'Gemini does not ask who the user is'),
  metadata: (_, to) => hinted(to, 'metadata', 'Gemini keeps no metadata'),
};

export function writeSettings({ settings }: ChatRequest, to: Target): JsonObject {
  const config = Object.assign({}, ...namesIn(write).map((name) => writeOne(name, settings, to))) as JsonObject;
  const tier = writeServiceTier(settings.serviceTier);
  if (tier === undefined && settings.serviceTier !== undefined && settings.serviceTier !== 'auto') {
    hinted(to, 'serviceTier', 'Gemini has no such tier');
  }
  return {
    ...(Object.keys(config).length > 0 && { generationConfig: config }),
    ...(tier !== undefined && { serviceTier: tier }),
  };
}

function writeOne<Name extends keyof WriteSettings>(name: Name, settings: Settings, to: Target): JsonObject {
  const value = settings[name];
  return value === undefined ? {} : write[name](value, to);
}

function namesIn<Name extends string>(record: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(record) as Name[];
}

function lost(to: Target, name: Setting, reason: string): JsonObject {
  to.losses.add(to.settingNames[name], reason);
  return {};
}

function hinted(to: Target, name: Setting, reason: string): JsonObject {
  to.losses.hint(to.settingNames[name], reason);
  return {};
}

/** An answer by a schema is always held to it here, so `strict` needs no word. */
function writeOutput(output: OutputFormat, to: Target): JsonObject {
  const responseMimeType = 'application/json';
  if (output.kind === 'json') return { responseMimeType };
  const { schema, name, description } = output;
  if (name !== undefined) hinted(to, 'output', 'a schema has no name');
  if (description === undefined || description === schema['description']) {
    return { responseMimeType, responseJsonSchema: schema };
  }
  if (schema['description'] !== undefined) lost(to, 'output', 'a schema has one description only');
  return { responseMimeType, responseJsonSchema: { description, ...schema } };
}

function writeReasoning(reasoning: ReasoningSetting, to: Target): JsonObject {
  const { shown } = reasoning;
  if (shown === 'concise' || shown === 'detailed') hinted(to, 'reasoning', `thoughts are shown, but not ${shown}`);
  return {
    thinkingConfig: {
      ...writeLength(reasoning, to),
      ...(shown !== undefined && { includeThoughts: shown !== false }),
    },
  };
}

/** Gemini 3 still takes budgets, which are all that earlier models take. https://ai.google.dev/gemini-api/docs/openai#thinking tells what an effort is on which model. */
function writeLength(reasoning: ReasoningSetting, to: Target): JsonObject {
  const { effort, budgetTokens } = reasoning;
  if (effort === undefined) return budgetTokens === undefined ? {} : { thinkingBudget: budgetTokens };
  if (budgetTokens === undefined && effort !== 'none' && isGemini3(to.model)) {
    const isAbove = effort === 'xhigh' || effort === 'max';
    if (isAbove) hinted(to, 'reasoning', `effort ${effort} becomes HIGH`);
    return { thinkingLevel: isAbove ? 'HIGH' : effort.toUpperCase() };
  }
  const thinkingBudget = reasoningBudget(reasoning, to);
  hinted(to, 'reasoning', `effort ${effort} becomes a budget of ${thinkingBudget} tokens`);
  return { thinkingBudget };
}
