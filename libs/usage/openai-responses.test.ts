import { describe, expect, it } from '@jest/globals';
import type { Usage } from './usage.js';
import { usageReader } from './usage-reader.js';

interface Event {
  readonly type: string;
  readonly [member: string]: unknown;
}

function readStream(provider: string, ...events: Event[]): Usage {
  const reader = usageReader({ provider, api: 'openai-responses' }, 'sse');
  for (const event of events) reader.push(Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`));
  return reader.end();
}

function read(provider: string, response: object): Usage {
  const reader = usageReader({ provider, api: 'openai-responses' }, 'json');
  reader.push(Buffer.from(JSON.stringify(response)));
  return reader.end();
}

const usage = {
  input_tokens: 100,
  input_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 },
  output_tokens: 50,
  output_tokens_details: { reasoning_tokens: 20 },
  total_tokens: 150,
};
const response = { model: 'gpt-5-2025', service_tier: 'priority', output: [], usage };
const created: Event = {
  type: 'response.created',
  response: { model: 'gpt-5-2025', service_tier: 'auto', usage: null },
};
const segment = {
  kind: 'main',
  in: { fresh: { text: 10 }, cacheRead: { text: 60 }, cacheWrite: { other: 30 } },
  out: { text: 30, reasoning: 20 },
};

describe('a stream of OpenAI responses', () => {
  it.each(['response.completed', 'response.incomplete', 'response.failed'])('tells its usage in %s', (type) => {
    const delta = { type: 'response.output_text.delta', delta: 'the word "usage": 3' };
    expect(readStream('openai', created, delta, { type, response })).toMatchObject({
      servedModel: 'gpt-5-2025',
      segments: [segment],
      modifiers: { tierServed: 'priority' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('that broke off before has none: zeros of a response under way are no counts', () => {
    const zeros = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    const underWay = { type: 'response.in_progress', response: { model: 'm', usage: zeros } };
    expect(readStream('openai', created, underWay)).toMatchObject({ completeness: 'missing', segments: [] });
  });

  it.each<Event>([
    { type: 'error', code: 'server_error', message: 'secret' },
    { type: 'response.failed', response: { error: { code: 'server_error', message: 'secret' }, usage: null } },
  ])('names the error that it reports ($type)', (event) => {
    const { anomalies, completeness } = readStream('openai', created, event);
    expect(anomalies).toEqual([{ code: 'stream_error', detail: 'The upstream reported server_error.' }]);
    expect(completeness).toBe('missing');
  });
});

describe('an answer of OpenAI responses', () => {
  it('has the calls of built-in tools counted from its output; of a web search only the searching', () => {
    const output = [
      { type: 'reasoning' },
      { type: 'web_search_call', action: { type: 'search', queries: ['a', 'b'] } },
      { type: 'web_search_call', action: { type: 'open_page' } },
      { type: 'web_search_call', action: { type: 'find_in_page' } },
      { type: 'web_search_call' },
      { type: 'file_search_call' },
      { type: 'code_interpreter_call' },
      { type: 'code_interpreter_call' },
      { type: 'image_generation_call' },
      { type: 'function_call' },
    ];
    expect(read('openai', { ...response, output }).units).toEqual({
      webSearch: 2,
      fileSearch: 1,
      codeExec: 2,
      images: 1,
    });
    expect(read('openai', response).units).toBeUndefined();
  });

  it('is billed at xAI for the calls that its usage counts', () => {
    const output = [{ type: 'web_search_call' }, { type: 'web_search_call' }];
    const calls = { web_search_calls: 1, x_search_calls: 2, code_interpreter_calls: 0, document_search_calls: 4 };
    const own = { ...usage, server_side_tool_usage_details: calls, cost_in_usd_ticks: 123_456 };
    expect(read('xai', { ...response, output, usage: own })).toMatchObject({
      segments: [segment],
      units: { webSearch: 3, codeExec: 0, fileSearch: 4 },
      providerCost: { amount: '0.0000123456', currency: 'USD' },
      anomalies: [],
    });
  });

  it('is missing while it is not finished', () => {
    expect(read('openai', { ...response, status: 'queued', usage: null })).toMatchObject({ completeness: 'missing' });
  });
});
