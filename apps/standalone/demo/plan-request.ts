import type { TraceRow } from './trace.js';

/** The demo organisation: a key for each project of each team. */
export const demoTeams = ['search', 'support', 'research', 'operations'] as const;
export const demoEnvironments = ['production', 'staging'] as const;
export const demoKeyCount = demoTeams.length * demoEnvironments.length;

/** With list prices in the book and a channel to the sandbox. */
const demoModels = [
  { protocol: 'openai', model: 'gpt-5' },
  { protocol: 'anthropic', model: 'claude-sonnet-5' },
  { protocol: 'openai', model: 'gpt-5-mini' },
  { protocol: 'anthropic', model: 'claude-haiku-4-5' },
  { protocol: 'openai', model: 'gpt-4.1' },
  { protocol: 'anthropic', model: 'claude-opus-5' },
  { protocol: 'openai', model: 'gpt-4o-mini' },
] as const;

export interface PlannedRequest {
  /** Which of the organisation's keys pays: key k belongs to team ⌊k / 2⌋. */
  readonly keyIndex: number;
  readonly team: (typeof demoTeams)[number];
  readonly protocol: 'openai' | 'anthropic';
  readonly model: string;
  readonly stream: boolean;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * What the row at `index` (from 0) of a trace becomes: key = index mod 8, model = index mod 7, and two of three are
 * streamed (index mod 3 ≠ 0). 8, 7 and 3 have no common divisor, so 168 rows meet every combination. It depends on
 * nothing else: who has the trace and the price book can compute the demo's totals without running it.
 */
export function planRequest(index: number, row: TraceRow): PlannedRequest {
  const keyIndex = index % demoKeyCount;
  return {
    keyIndex,
    team: at(demoTeams, Math.floor(keyIndex / demoEnvironments.length)),
    ...at(demoModels, index % demoModels.length),
    stream: index % 3 !== 0,
    inputTokens: row.contextTokens,
    outputTokens: row.generatedTokens,
  };
}

export interface HttpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request on the wire. The sandbox counts a word as a token, and says as many as the limit allows. */
export function writeRequest(plan: PlannedRequest, key: string): HttpRequest {
  const { protocol, model, stream, inputTokens, outputTokens } = plan;
  const messages = [{ role: 'user', content: 'toll '.repeat(inputTokens) }];
  if (protocol === 'anthropic') {
    return {
      path: '/v1/messages',
      headers: { 'content-type': 'application/json', 'x-api-key': key, 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model, messages, stream, max_tokens: outputTokens }),
    };
  }
  return {
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ model, messages, stream, max_completion_tokens: outputTokens }),
  };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new RangeError(`There is no item ${index} of ${items.length}.`);
  return item;
}
