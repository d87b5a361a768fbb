import { asObject, type JsonObject } from '#usage/json.js';
import type { OperationName } from '../operations/operations.js';

interface AskedOutput {
  /** Where the protocol has the request say it, for a sentence. */
  readonly member: string;
  /** The most tokens that the request lets be generated, over all its choices. Absent when it does not say. */
  readonly tokens: number | undefined;
}

/** How much output a request asks for. @returns undefined for an operation that generates no text. */
export function askedOutput(operation: OperationName, body: JsonObject): AskedOutput | undefined {
  switch (operation) {
    case 'chat.completions':
      // The older member is still taken by most providers: who sends both may get the larger.
      return {
        member: 'max_completion_tokens',
        tokens: total([body['max_completion_tokens'], body['max_tokens']], [body['n']]),
      };
    case 'completions':
      return {
        member: 'max_tokens',
        tokens: total([body['max_tokens']], [body['n'], body['best_of']], [prompts(body['prompt'])]),
      };
    case 'responses':
      return { member: 'max_output_tokens', tokens: total([body['max_output_tokens']]) };
    case 'messages':
      return { member: 'max_tokens', tokens: total([body['max_tokens']]) };
    case 'generateContent':
    case 'streamGenerateContent':
      return geminiOutput(body);
    default:
      return undefined;
  }
}

/** Google's JSON takes every member in camelCase and in snake_case (https://protobuf.dev/programming-guides/json). */
function geminiOutput(body: JsonObject): AskedOutput {
  const configs = [body['generation_config'], body['generationConfig']].map((config) => asObject(config) ?? {});
  const said = (...names: readonly string[]) => configs.flatMap((config) => names.map((name) => config[name]));
  return {
    member: 'generationConfig.maxOutputTokens',
    tokens: total(said('maxOutputTokens', 'max_output_tokens'), said('candidateCount', 'candidate_count')),
  };
}

/** A completion is generated for each prompt: texts, or lists of tokens. */
function prompts(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
}

/**
 * The largest bound, times the largest of each that multiplies it.
 * @returns undefined where no bound is said, or something is no count: some upstreams read "5" as 5, and others do not.
 */
function total(bounds: readonly unknown[], ...times: readonly (readonly unknown[])[]): number | undefined {
  const [bound = [], ...counts] = [bounds, ...times].map((values) => values.filter((value) => value != null));
  if (bound.length === 0 || ![bound, ...counts].flat().every(isCount)) return undefined;
  return counts.reduce(
    (product, some) => product * Math.max(1, ...(some as number[])),
    Math.max(...(bound as number[])),
  );
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
