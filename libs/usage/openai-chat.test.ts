import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inputTokens, outputTokens, type Usage } from './usage.js';
import { usageReader } from './usage-reader.js';

function read(provider: string, usage: object, around: object = {}): Usage {
  const reader = usageReader({ provider, api: 'openai-chat', requestedModel: 'asked' }, 'json');
  reader.push(Buffer.from(JSON.stringify({ ...around, usage })));
  return reader.end();
}

function readStream(provider: string, ...chunks: object[]): Usage {
  const reader = usageReader({ provider, api: 'openai-chat' }, 'sse');
  for (const chunk of chunks) reader.push(Buffer.from(`data: ${JSON.stringify(chunk)}\n\n`));
  return reader.end();
}

const codes = ({ anomalies }: Usage) => anomalies.map(({ code }) => code);

describe('the parts of OpenAI chat usage', () => {
  it('are apart by modality, in input and output', () => {
    const usage = read('openai', {
      prompt_tokens: 100,
      completion_tokens: 60,
      total_tokens: 160,
      prompt_tokens_details: { text_tokens: 60, audio_tokens: 30, image_tokens: 10, cached_tokens: 20 },
      completion_tokens_details: { text_tokens: 10, audio_tokens: 50, reasoning_tokens: 0 },
    });
    expect(usage.segments).toEqual([
      {
        kind: 'main',
        in: { fresh: { text: 40, audio: 30, image: 10 }, cacheRead: { text: 20 } },
        out: { text: 10, reasoning: 0, audio: 50 },
      },
    ]);
    expect(usage.anomalies).toEqual([]);
  });

  it('are cached by modality where that is told', () => {
    const { segments } = read('openai', {
      prompt_tokens: 100,
      completion_tokens: 1,
      prompt_tokens_details: {
        audio_tokens: 30,
        cached_tokens: 50,
        cached_tokens_details: { text_tokens: 25, audio_tokens: 25 },
      },
    });
    expect(segments[0]?.in).toEqual({ fresh: { text: 45, audio: 5 }, cacheRead: { text: 25, audio: 25 } });
  });

  it('stay text when they are predictions, which are billed as completion', () => {
    const details = { accepted_prediction_tokens: 30, rejected_prediction_tokens: 12 };
    const usage = read('openai', { prompt_tokens: 1, completion_tokens: 50, completion_tokens_details: details });
    expect(usage.segments[0]?.out).toEqual({ text: 50 });
  });

  it('that nobody knows, or that are null, break nothing', () => {
    const usage = read('crusoe', {
      prompt_tokens: 7,
      completion_tokens: 3,
      prompt_tokens_details: null,
      completion_tokens_details: { multimodal_tokens: null, of_the_future: { x: [1] } },
      queue_time: 0.1,
    });
    expect(usage).toMatchObject({ segments: [{ in: { fresh: { text: 7 } }, out: { text: 3 } }], anomalies: [] });
  });
});

describe('the cache in OpenAI chat usage', () => {
  const counts = { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101 };

  it.each([
    ['openai', { prompt_tokens_details: { cached_tokens: 64 } }],
    ['deepseek', { prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 }],
    ['moonshot', { cached_tokens: 64 }],
    ['mistral', { num_cached_tokens: 64 }],
  ])('is read under the name that %s gives it', (provider, named) => {
    const usage = read(provider, { ...counts, ...named });
    expect(usage.segments[0]?.in).toEqual({ fresh: { text: 36 }, cacheRead: { text: 64 } });
    expect(usage.anomalies).toEqual([]);
  });

  it.each([
    ['Qwen', { cached_tokens: 0, cache_creation_input_tokens: 90, cache_creation: { ephemeral_5m_input_tokens: 90 } }],
    [
      'LiteLLM',
      { cached_tokens: 0, cache_creation_tokens: 90, cache_creation_token_details: { ephemeral_5m_input_tokens: 90 } },
    ],
  ])('is written for as long as %s says', (_, details) => {
    const { segments } = read('gateway', { ...counts, prompt_tokens_details: details });
    expect(segments[0]?.in).toEqual({ fresh: { text: 10 }, cacheRead: { text: 0 }, cacheWrite: { ttl5m: 90 } });
  });

  it('is odd where hits and misses are not the prompt', () => {
    expect(codes(read('deepseek', { ...counts, prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 30 }))).toEqual([
      'total_mismatch',
    ]);
  });

  it('of OpenRouter may be written and read by one request: those tokens are counted once, as read', () => {
    const overlapping = { prompt_tokens: 2168, completion_tokens: 100, total_tokens: 2268 };
    const details = { cached_tokens: 2161, cache_write_tokens: 2161 };
    const usage = read('openrouter', { ...overlapping, prompt_tokens_details: details });
    expect(usage.segments[0]?.in).toEqual({ fresh: { text: 7 }, cacheRead: { text: 2161 }, cacheWrite: { other: 0 } });
    expect(codes(usage)).toEqual(['part_exceeds_whole']);
  });

  it('of Grok at Azure may exceed the prompt: it is cut down to it, unless the total holds both', () => {
    const details = { prompt_tokens_details: { cached_tokens: 160 } };
    const within = read('azure', { prompt_tokens: 14, completion_tokens: 6, total_tokens: 20, ...details });
    expect(within.segments[0]?.in).toEqual({ fresh: { text: 0 }, cacheRead: { text: 14 } });
    expect(codes(within)).toEqual(['part_exceeds_whole']);
    const beside = read('azure', { prompt_tokens: 14, completion_tokens: 6, total_tokens: 180, ...details });
    expect(beside.segments[0]?.in).toEqual({ fresh: { text: 14 }, cacheRead: { text: 160 } });
    expect(beside.anomalies).toEqual([]);
  });
});

describe('the rule of a provider', () => {
  const thinking = { prompt_tokens: 10, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 40 } };

  it.each(['xai', 'x-ai', 'grok'])('for %s counts reasoning beside the completion', (provider) => {
    const usage = read(provider, { ...thinking, total_tokens: 55 });
    expect(usage.segments[0]?.out).toEqual({ text: 5, reasoning: 40 });
    expect(usage.anomalies).toEqual([]);
    expect(outputTokens(read(provider, thinking).segments[0]!)).toBe(45);
  });

  it('gives way to its total, and that is noted', () => {
    const usage = read('xai', { ...thinking, completion_tokens: 45, total_tokens: 55 });
    expect(usage.segments[0]?.out).toEqual({ text: 5, reasoning: 40 });
    expect(codes(usage)).toEqual(['total_mismatch']);
  });

  it('that nobody knows is taken from the total', () => {
    const usage = read('some-gateway', { ...thinking, total_tokens: 55 });
    expect(usage.segments[0]?.out).toEqual({ text: 5, reasoning: 40 });
    expect(usage.anomalies).toEqual([]);
  });

  it("is OpenAI's where the total says nothing that is known, and that is noted", () => {
    const usage = read('some-gateway', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 99 });
    expect(usage.segments[0]).toMatchObject({ in: { fresh: { text: 10 } }, out: { text: 5 } });
    expect(codes(usage)).toEqual(['total_mismatch']);
  });

  it.each([
    ['google', {}],
    ['some-gateway', { model: 'google/gemini-2.5-pro' }],
  ])('for Gemini at %s finds thinking in the total', (provider, around) => {
    const usage = read(provider, { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 }, around);
    expect(usage.segments[0]?.out).toEqual({ text: 12, reasoning: 62 });
    expect(usage.anomalies).toEqual([]);
  });

  it.each([{ prompt_tokens_details: { cached_tokens: 0, audio_tokens: 375 } }, {}])(
    'for Mistral counts what Voxtral heard beside the prompt (%j)',
    (details) => {
      const counts = { prompt_audio_seconds: 3, prompt_tokens: 5, completion_tokens: 20, total_tokens: 400 };
      const usage = read('mistral', { ...counts, ...details });
      expect(usage.segments[0]?.in.fresh).toEqual({ text: 5, audio: 375 });
      expect(usage).toMatchObject({ units: { audioMs: 3000 }, anomalies: [] });
    },
  );

  it('for Perplexity bills research beside its total', () => {
    const usage = read('perplexity', {
      prompt_tokens: 33,
      completion_tokens: 7163,
      total_tokens: 7196,
      citation_tokens: 20016,
      reasoning_tokens: 73997,
      num_search_queries: 18,
      search_context_size: 'low',
      cost: { total_cost: 0.523 },
    });
    expect(usage).toMatchObject({
      segments: [{ in: { fresh: { text: 33 } }, out: { text: 7163, reasoning: 73997, citation: 20016 } }],
      units: { webSearch: 18 },
      modifiers: { searchContextSize: 'low' },
      providerCost: { amount: '0.523', currency: 'USD' },
      anomalies: [],
    });
  });

  it('for OpenRouter tells the searches, whose key it was and what it cost', () => {
    const counts = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
    const own = { is_byok: true, cost: 4.25e-6, server_tool_use: { web_search_requests: 2 } };
    expect(read('openrouter', { ...counts, ...own })).toMatchObject({
      units: { webSearch: 2 },
      modifiers: { byok: true },
      providerCost: { amount: '0.00000425', currency: 'USD' },
    });
  });

  it('keeps the sum, whatever the provider and its counts', () => {
    const provider = fc.constantFrom('openai', 'xai', 'google', 'openrouter', 'mistral', 'perplexity', 'azure', 'new');
    const count = fc.option(fc.nat({ max: 500 }), { nil: null });
    const usageObject = fc.record({
      prompt_tokens: fc.nat({ max: 500 }),
      completion_tokens: fc.nat({ max: 500 }),
      prompt_tokens_details: fc.record({ cached_tokens: count, cache_write_tokens: count, audio_tokens: count }),
      completion_tokens_details: fc.record({ reasoning_tokens: count, audio_tokens: count }),
    });
    fc.assert(
      fc.property(provider, usageObject, fc.boolean(), (name, usage, reasoningIsBeside) => {
        const reasoning = usage.completion_tokens_details.reasoning_tokens ?? 0;
        const total = usage.prompt_tokens + usage.completion_tokens + (reasoningIsBeside ? reasoning : 0);
        const { segments } = read(name, { ...usage, total_tokens: total });
        expect(inputTokens(segments[0]!) + outputTokens(segments[0]!)).toBe(total);
      }),
    );
  });
});

describe('a stream of OpenAI chat', () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4 };
  const end = { model: 'm', choices: [{ finish_reason: 'stop' }], usage };

  it('keeps what was told when a later usage is null or empty', () => {
    for (const later of [null, {}])
      expect(readStream('p', end, { choices: [], usage: later }).segments[0]?.out).toEqual({ text: 4 });
  });

  it("begins at Azure with a chunk that has neither choice nor usage nor the model's name", () => {
    const first = { model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] };
    expect(readStream('azure', first, end)).toMatchObject({ servedModel: 'm', completeness: 'final', anomalies: [] });
  });

  it('that reports an error within a chunk says so, and keeps what was told', () => {
    const chunk = { model: 'm', choices: [{ delta: {} }] };
    const broken = { ...end, error: { code: 502, message: 'secret' }, choices: [{ finish_reason: 'error' }] };
    const read = readStream('openrouter', chunk, broken);
    expect(codes(read)).toEqual(['stream_error']);
    expect(read.segments[0]?.out).toEqual({ text: 4 });
  });

  it('is missing where its usage is an empty object', () => {
    const chunk = { model: 'm', choices: [{ finish_reason: 'stop' }], usage: {} };
    expect(readStream('p', chunk)).toMatchObject({ completeness: 'missing', segments: [] });
  });
});
