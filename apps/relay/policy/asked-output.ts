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
        tokens: product(largest(body['max_completion_tokens'], body['max_tokens']), body['n']),
      };
    case 'completions':
      return {
        member: 'max_tokens',
        tokens: product(largest(body['max_tokens']), largest(body['n'], body['best_of']), prompts(body['prompt'])),
      };
    case 'responses':
      return { member: 'max_output_tokens', tokens: largest(body['max_output_tokens']) };
    case 'messages':
      return { member: 'max_tokens', tokens: largest(body['max_tokens']) };
    case 'generateContent':
    case 'streamGenerateContent':
      return geminiOutput(body);
    default:
      return undefined;
  }
}

/** Google's JSON takes every member in camelCase and in snake_case (https://protobuf.dev/programming-guides/json). */
function geminiOutput(body: JsonObject): AskedOutput {
  const config = { ...asObject(body['generation_config']), ...asObject(body['generationConfig']) };
  const tokens = largest(config['maxOutputTokens'], config['max_output_tokens']);
  const answers = largest(config['candidateCount'], config['candidate_count']);
  return { member: 'generationConfig.maxOutputTokens', tokens: product(tokens, answers) };
}

/** A completion is generated for each prompt: texts, or lists of tokens. */
function prompts(prompt: unknown): number {
  return Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1;
}

function largest(...values: readonly unknown[]): number | undefined {
  const counts = values.filter((value) => typeof value === 'number' && value >= 0);
  return counts.length === 0 ? undefined : Math.max(...(counts as number[]));
}

function product(tokens: number | undefined, ...times: readonly unknown[]): number | undefined {
  if (tokens === undefined) return undefined;
  return times.reduce<number>(
    (total, count) => (typeof count === 'number' && count > 1 ? total * count : total),
    tokens,
  );
}
