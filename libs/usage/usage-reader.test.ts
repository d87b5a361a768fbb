import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { usageRecord } from '#contracts/usage-event.js';
import type { UsageApi } from '#usage/usage-api.js';
import { inputTokens, outputTokens, type Usage } from '#usage/usage.js';
import { usageReader, type UsageSource } from '#usage/usage-reader.js';

const openai: UsageSource = { provider: 'openai', api: 'openai-chat', requestedModel: 'gpt-4o' };
const anthropic: UsageSource = {
  provider: 'anthropic',
  api: 'anthropic-messages',
  requestedModel: 'claude-sonnet-4-5',
};

function read(source: UsageSource, format: 'sse' | 'json', chunks: readonly Uint8Array[]): Usage {
  const reader = usageReader(source, format);
  for (const chunk of chunks) reader.push(chunk);
  const usage = reader.end();
  // Whatever an upstream sends, the record can travel.
  expect(usageRecord.parse(usage)).toEqual(usage);
  return usage;
}

const readAnswer = (source: UsageSource, answer: object) => read(source, 'json', [Buffer.from(JSON.stringify(answer))]);
const readStream = (source: UsageSource, text: string) => read(source, 'sse', [Buffer.from(text)]);
const events = (...messages: object[]) => messages.map((message) => `data: ${JSON.stringify(message)}\n\n`).join('');
const typed = (...messages: { type: string }[]) =>
  messages.map((message) => `event: ${message.type}\n${events(message)}`).join('');

const openaiStream =
  events(
    {
      model: 'gpt-4o-2024-11-20',
      service_tier: 'default',
      choices: [{ delta: { content: 'Grüße, my "usage" is' } }],
      usage: null,
    },
    {
      model: 'gpt-4o-2024-11-20',
      service_tier: 'default',
      choices: [{ delta: {}, finish_reason: 'stop' }],
      usage: null,
    },
    {
      model: 'gpt-4o-2024-11-20',
      service_tier: 'default',
      choices: [],
      usage: {
        prompt_tokens: 100,
        completion_tokens: 50,
        total_tokens: 150,
        prompt_tokens_details: { cached_tokens: 64, audio_tokens: 0 },
        completion_tokens_details: { reasoning_tokens: 20, audio_tokens: 0 },
      },
    },
  ) + 'data: [DONE]\n\n';

const messageStart = {
  type: 'message_start',
  message: {
    model: 'claude-sonnet-4-5-20250929',
    usage: {
      input_tokens: 30,
      cache_read_input_tokens: 2000,
      cache_creation_input_tokens: 500,
      cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 400 },
      output_tokens: 1,
      service_tier: 'standard',
    },
  },
};
const messageDelta = {
  type: 'message_delta',
  delta: { stop_reason: 'end_turn' },
  usage: {
    input_tokens: 31,
    cache_read_input_tokens: null,
    output_tokens: 77,
    output_tokens_details: { thinking_tokens: 40 },
  },
};
const anthropicStream = typed(messageStart, { type: 'content_block_delta' }, messageDelta, { type: 'message_stop' });

describe('usage of OpenAI chat', () => {
  it('is split into disjoint quantities from the last chunk of a stream', () => {
    expect(readStream(openai, openaiStream)).toMatchObject({
      provider: 'openai',
      api: 'openai-chat',
      requestedModel: 'gpt-4o',
      servedModel: 'gpt-4o-2024-11-20',
      segments: [
        {
          kind: 'main',
          in: { fresh: { text: 36, audio: 0 }, cacheRead: { text: 64 } },
          out: { text: 30, reasoning: 20, audio: 0 },
        },
      ],
      modifiers: { tierServed: 'standard' },
      completeness: 'final',
      anomalies: [],
      raw: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
  });

  it('is taken from the last chunk that has one: a running count is never summed', () => {
    const chunk = (count: number, finish: string | null) => ({
      model: 'grok',
      choices: [{ finish_reason: finish }],
      usage: { prompt_tokens: 10, completion_tokens: count },
    });
    const usage = readStream(openai, events(chunk(1, null), chunk(2, null), chunk(3, 'stop')));
    expect(usage).toMatchObject({
      completeness: 'final',
      segments: [{ in: { fresh: { text: 10 } }, out: { text: 3 } }],
    });
    expect(readStream(openai, events(chunk(1, null), chunk(2, null))).completeness).toBe('partial');
  });

  it('keeps an explicit zero and leaves an absent count absent', () => {
    const usage = readAnswer(openai, { model: 'm', usage: { prompt_tokens: 0, completion_tokens: 0 } });
    expect(usage.segments).toEqual([{ kind: 'main', in: { fresh: { text: 0 } }, out: { text: 0 } }]);
    expect(usage.completeness).toBe('final');
    expect(usage.modifiers).toBeUndefined();
  });

  it('never becomes negative: a part that exceeds its whole is cut down and noted', () => {
    const usage = readAnswer(openai, {
      usage: {
        prompt_tokens: 10,
        completion_tokens: 5,
        prompt_tokens_details: { cached_tokens: 8, cache_write_tokens: 8 },
      },
    });
    expect(usage.segments[0]?.in).toEqual({ fresh: { text: 0 }, cacheRead: { text: 8 }, cacheWrite: { other: 2 } });
    expect(usage.anomalies).toMatchObject([{ code: 'part_exceeds_whole' }]);
    expect(usage.raw?.json).toContain('"cache_write_tokens":8');
  });

  it('is partial when a count is missing or is none', () => {
    const usage = readAnswer(openai, { usage: { prompt_tokens: 10, completion_tokens: -5 } });
    expect(usage).toMatchObject({ completeness: 'partial', anomalies: [{ code: 'count_invalid' }] });
  });

  it.each([
    ['google', { prompt_tokens: 35, completion_tokens: 12, total_tokens: 109 }, 74],
    [
      'xai',
      {
        prompt_tokens: 12,
        completion_tokens: 2,
        total_tokens: 354,
        completion_tokens_details: { reasoning_tokens: 340 },
      },
      342,
    ],
  ])('follows the rule of %s for thinking', (provider, usage, output) => {
    const { segments, anomalies } = readAnswer({ ...openai, provider }, { usage });
    expect(outputTokens(segments[0]!)).toBe(output);
    expect(anomalies).toEqual([]);
  });

  it('is found where Groq and Moonshot put it', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4 };
    for (const last of [
      { x_groq: { usage }, choices: [{ finish_reason: 'stop' }] },
      { choices: [{ usage, finish_reason: 'stop' }] },
    ]) {
      expect(readStream(openai, events({ model: 'm', choices: [{}] }, last))).toMatchObject({
        completeness: 'final',
        segments: [{ in: { fresh: { text: 3 } }, out: { text: 4 } }],
      });
    }
  });
});

describe('usage of Anthropic messages', () => {
  it('takes the input from message_start, and what message_delta says over it (fault 18)', () => {
    const usage = readStream(anthropic, anthropicStream);
    expect(usage).toMatchObject({
      servedModel: 'claude-sonnet-4-5-20250929',
      segments: [
        {
          in: { fresh: { text: 31 }, cacheRead: { text: 2000 }, cacheWrite: { ttl5m: 100, ttl1h: 400 } },
          out: { text: 37, reasoning: 40 },
        },
      ],
      modifiers: { tierServed: 'standard' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('is partial when the stream broke off after message_start', () => {
    expect(readStream(anthropic, typed(messageStart))).toMatchObject({
      completeness: 'partial',
      segments: [{ in: { fresh: { text: 30 } } }],
    });
  });

  it('names an error within the stream', () => {
    const error = { type: 'error', error: { type: 'overloaded_error', message: 'secret' } };
    const usage = readStream(anthropic, typed(messageStart, error));
    expect(usage.anomalies).toEqual([{ code: 'stream_error', detail: 'The upstream reported overloaded_error.' }]);
    expect(usage.completeness).toBe('partial');
  });

  it('counts cache writes without a split as those of five minutes', () => {
    const usage = readAnswer(anthropic, {
      usage: { input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 9 },
    });
    expect(usage.segments[0]?.in.cacheWrite).toEqual({ ttl5m: 9 });
  });

  it('bills each iteration with its own model (fault 29)', () => {
    const usage = readAnswer(anthropic, {
      model: 'claude-haiku',
      usage: {
        input_tokens: 30,
        output_tokens: 12,
        output_tokens_details: { thinking_tokens: 9 },
        iterations: [
          { type: 'message', input_tokens: 10, output_tokens: 7 },
          { type: 'advisor_message', model: 'claude-opus', input_tokens: 100, output_tokens: 20 },
          { type: 'message', input_tokens: 20, output_tokens: 5 },
        ],
      },
    });
    expect(usage.segments).toEqual([
      { kind: 'main', in: { fresh: { text: 10 } }, out: { text: 0, reasoning: 7 } },
      { kind: 'advisor', model: 'claude-opus', in: { fresh: { text: 100 } }, out: { text: 20 } },
      { kind: 'main', in: { fresh: { text: 20 } }, out: { text: 3, reasoning: 2 } },
    ]);
    expect(usage.anomalies).toEqual([]);
  });
});

describe('usage', () => {
  it.each<[UsageApi, 'sse' | 'json', string]>([
    ['openai-chat', 'sse', events({ model: 'm', choices: [{ finish_reason: 'stop' }] }) + 'data: [DONE]\n\n'],
    ['openai-chat', 'json', '{"error":{"message":"no"}}'],
    ['openai-chat', 'json', '<html>'],
    ['anthropic-messages', 'sse', ''],
    ['anthropic-messages', 'json', '{"usage":{}}'],
  ])('is missing, never zero, when %s (%s) gave none', (api, format, body) => {
    const usage = read({ provider: 'p', api }, format, [Buffer.from(body)]);
    expect(usage).toMatchObject({ segments: [], completeness: 'missing' });
  });

  describe.each([
    ['half of a surrogate pair', 'gpt\ud800x'],
    ['U+0000', 'gpt\u0000x'],
    ['a line break', 'gpt\nx'],
    ['too many characters', 'x'.repeat(257)],
    ['no text', 4],
  ])('with %s for a name', (_, name) => {
    const counts = { prompt_tokens: 1, completion_tokens: 2 };
    const messageCounts = { input_tokens: 1, output_tokens: 2 };
    const unreadable = { completeness: 'partial', anomalies: [{ code: 'name_invalid' }] };

    it('is not final: the model that was asked for is not the one that answered (fault 28)', () => {
      const usage = readAnswer(openai, { model: name, usage: counts });
      expect(usage).toMatchObject(unreadable);
      expect(usage.servedModel).toBeUndefined();
      expect(usage.segments).toHaveLength(1);
      const chunk = { model: name, choices: [{ finish_reason: 'stop' }], usage: counts };
      expect(readStream(openai, events(chunk))).toMatchObject(unreadable);
      expect(readAnswer(anthropic, { model: name, usage: messageCounts })).toMatchObject(unreadable);
    });

    it('is not final either when it names a tier or the model of one call', () => {
      expect(readAnswer(openai, { model: 'm', service_tier: name, usage: counts })).toMatchObject(unreadable);
      const iterations = [{ type: 'message', model: name, ...messageCounts }];
      const usage = { ...messageCounts, iterations };
      expect(readAnswer(anthropic, { model: 'm', usage })).toMatchObject(unreadable);
    });
  });

  it.each([undefined, null, ''])('is final without a model (%j): the one that was asked for answered', (model) => {
    const usage = readAnswer(openai, { model, usage: { prompt_tokens: 1, completion_tokens: 2 } });
    expect(usage).toMatchObject({ completeness: 'final', requestedModel: 'gpt-4o', anomalies: [] });
  });

  it('takes a name of any script', () => {
    const model = 'größe-模型-🦜';
    expect(readAnswer(openai, { model, usage: {} })).toMatchObject({ servedModel: model, anomalies: [] });
  });

  it('is the same for any split of the bytes', () => {
    const streams = [
      [openai, Buffer.from(openaiStream)],
      [anthropic, Buffer.from(anthropicStream.replaceAll('\n', '\r\n').trimEnd())],
    ] as const;
    const stream = fc.constantFrom(...streams);
    fc.assert(
      fc.property(stream, fc.array(fc.nat(), { maxLength: 60 }), ([source, bytes], cuts) => {
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        expect(read(source, 'sse', chunks)).toEqual(read(source, 'sse', [bytes]));
      }),
    );
  });

  it('adds up to the whole, whatever the parts say', () => {
    const count = fc.option(fc.nat({ max: 1000 }));
    const usageObject = fc.record({
      prompt_tokens: fc.nat({ max: 1000 }),
      completion_tokens: fc.nat({ max: 1000 }),
      prompt_tokens_details: fc.record({
        cached_tokens: count,
        audio_tokens: count,
        image_tokens: count,
        cache_write_tokens: count,
      }),
      completion_tokens_details: fc.record({ reasoning_tokens: count, audio_tokens: count }),
    });
    fc.assert(
      fc.property(usageObject, (usage) => {
        const [segment] = readAnswer(openai, { usage }).segments;
        expect([inputTokens(segment!), outputTokens(segment!)]).toEqual([usage.prompt_tokens, usage.completion_tokens]);
      }),
    );
  });
});
