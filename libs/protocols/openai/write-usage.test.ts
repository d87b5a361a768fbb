import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { usageReader } from '#usage/usage-reader.js';
import { inputTokens, outputTokens, type Usage, type UsageSegment } from '#usage/usage.js';
import { writeUsage } from './write-usage.js';

const usage = (segments: readonly UsageSegment[]): Usage => ({
  provider: 'openai',
  api: 'openai-chat',
  segments,
  completeness: 'final',
  anomalies: [],
});

function readBack(written: object): Usage {
  const reader = usageReader({ provider: 'openai', api: 'openai-chat' }, 'json');
  reader.push(Buffer.from(JSON.stringify({ model: 'm', choices: [], usage: written })));
  return reader.end();
}

const tokens = fc.nat({ max: 1_000_000 });
const segment: fc.Arbitrary<UsageSegment> = fc.record({
  kind: fc.constant('main' as const),
  in: fc.record(
    {
      fresh: fc.record({ text: tokens, audio: tokens }),
      cacheRead: fc.record({ text: tokens }),
      cacheWrite: fc.record({ ttl5m: tokens, ttl1h: tokens }),
      toolPrompt: tokens,
    },
    { requiredKeys: ['fresh'] },
  ),
  out: fc.record({ text: tokens, reasoning: tokens, audio: tokens }, { requiredKeys: ['text'] }),
});

describe('the usage of an answer', () => {
  it('has the same totals when it is read back, and nothing odd', () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 3 }), (segments) => {
        const { segments: read, anomalies } = readBack(writeUsage(usage(segments))!);
        const sum = (of: (one: UsageSegment) => number, all: readonly UsageSegment[]) =>
          all.reduce((total, one) => total + of(one), 0);
        expect(sum(inputTokens, read)).toBe(sum(inputTokens, segments));
        expect(sum(outputTokens, read)).toBe(sum(outputTokens, segments));
        expect(anomalies).toEqual([]);
      }),
    );
  });

  it('tells cached, cache-written, reasoning and audio tokens apart', () => {
    const written = writeUsage(
      usage([
        {
          kind: 'main',
          in: { fresh: { text: 10, audio: 3 }, cacheRead: { text: 5 }, cacheWrite: { ttl5m: 2, ttl1h: 1 } },
          out: { text: 7, reasoning: 20 },
        },
      ]),
    );
    expect(written).toEqual({
      prompt_tokens: 21,
      completion_tokens: 27,
      total_tokens: 48,
      prompt_tokens_details: { cached_tokens: 5, cache_write_tokens: 3, audio_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 20 },
    });
  });

  it('leaves out what is not known: absent is not zero', () => {
    expect(writeUsage(usage([]))).toBeUndefined();
    expect(writeUsage(usage([{ kind: 'main', in: { fresh: { text: 4 } }, out: {} }]))).toEqual({ prompt_tokens: 4 });
  });
});
