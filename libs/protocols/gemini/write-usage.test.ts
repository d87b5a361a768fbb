import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inputTokens, outputTokens, type Usage, type UsageSegment } from '#usage/usage.js';
import { usageReader } from '#usage/usage-reader.js';
import { writeUsage } from '#protocols/gemini/write-usage.js';

const count = fc.nat({ max: 1000 });
const counts = <Name extends string>(...names: Name[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, count])), {
    requiredKeys: [],
  });
const segments = fc.array(
  fc.record({
    kind: fc.constant('main' as const),
    in: fc.record(
      {
        fresh: counts('text', 'audio', 'image', 'video'),
        cacheRead: counts('text', 'audio'),
        cacheWrite: counts('ttl5m', 'ttl1h'),
        toolPrompt: count,
      },
      { requiredKeys: ['fresh'] },
    ),
    out: counts('text', 'reasoning', 'audio', 'image', 'citation'),
  }),
  { minLength: 1, maxLength: 2 },
) as fc.Arbitrary<UsageSegment[]>;

const usageOf = (made: UsageSegment[]): Usage => ({
  provider: 'p',
  api: 'a',
  segments: made,
  completeness: 'final',
  anomalies: [],
});

function readBack(usageMetadata: object): Usage {
  const reader = usageReader({ api: 'gemini', provider: 'google' }, 'json');
  reader.push(Buffer.from(JSON.stringify({ candidates: [{ finishReason: 'STOP' }], usageMetadata })));
  return reader.end();
}
const sum = (made: readonly UsageSegment[], of: (segment: UsageSegment) => number) =>
  made.reduce((all, segment) => all + of(segment), 0);

describe("usage in Gemini's words", () => {
  it('has the same sums when it is read back', () => {
    fc.assert(
      fc.property(segments, (made) => {
        const read = readBack(writeUsage(usageOf(made))!);
        expect(sum(read.segments, inputTokens)).toBe(sum(made, inputTokens));
        expect(sum(read.segments, outputTokens)).toBe(sum(made, outputTokens));
        const of = (all: readonly UsageSegment[], pick: (segment: UsageSegment) => number | undefined) =>
          sum(all, (segment) => pick(segment) ?? 0);
        for (const pick of [
          ({ out }: UsageSegment) => out.reasoning,
          ({ out }: UsageSegment) => out.audio,
          ({ in: { toolPrompt } }: UsageSegment) => toolPrompt,
          ({ in: { fresh } }: UsageSegment) => fresh?.video,
          ({ in: { cacheRead } }: UsageSegment) => cacheRead?.audio,
          ({ in: { cacheRead } }: UsageSegment) => cacheRead?.text,
        ]) {
          expect(of(read.segments, pick)).toBe(of(made, pick));
        }
        expect(read.anomalies).toEqual([]);
      }),
    );
  });

  it('leaves out what is not known', () => {
    expect(writeUsage(usageOf([]))).toBeUndefined();
    expect(writeUsage(usageOf([{ kind: 'main', in: { fresh: { text: 3 } }, out: {} }]))).toEqual({
      promptTokenCount: 3,
      totalTokenCount: 3,
    });
  });
});
