import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { usageRecord } from '#contracts/usage-event.js';
import { inputTokens, outputTokens, type Usage } from '#usage/usage.js';
import { estimateUsage, type EstimateSource, needsEstimate } from './estimate-usage.js';
import { passedText } from './passed-text.fixture.js';
import { loadTokenizer } from './tokenizers.js';

const tokenizer = await loadTokenizer('gpt-4o');
const request = { model: 'gpt-4o', messages: [{ role: 'user', content: 'Tell me a story.' }] };
const missing: Usage = { provider: 'openai', api: 'openai-chat', segments: [], completeness: 'missing', anomalies: [] };
const partial = (segment: Partial<Usage['segments'][number]>, api = 'anthropic-messages'): Usage => ({
  ...missing,
  api,
  segments: [{ kind: 'main', in: {}, out: {}, ...segment }],
  completeness: 'partial',
});

function estimate(source: Partial<EstimateSource>): Usage {
  return estimateUsage({
    usage: missing,
    request,
    answer: passedText('Once upon a time.'),
    limits: {},
    tokenizer,
    ...source,
  });
}
const out = (usage: Usage) => usage.segments.reduce((sum, segment) => sum + outputTokens(segment), 0);
const codes = (usage: Usage) => usage.anomalies.map(({ code }) => code);

describe('an estimate', () => {
  it('counts a request and what passed of its answer when the upstream broke off without usage (fault 3)', () => {
    const usage = estimate({});
    // 5 for the text, 1 for the role, 3 for the message, 3 to prime the answer; 5 that passed and 1 that ends an answer.
    expect(usage.segments).toEqual([{ kind: 'main', in: { fresh: { text: 12 } }, out: { text: 6 } }]);
    expect(usage).toMatchObject({
      completeness: 'estimated',
      estimated: ['in', 'out'],
      anomalies: [{ code: 'estimated', detail: 'Input and output are counted from what passed, with o200k_base.' }],
    });
    expect(usageRecord.safeParse(usage).error).toBeUndefined();
  });

  it('keeps input that was told early, and raises output from what it had reached', () => {
    const told = { fresh: { text: 100 }, cacheRead: { text: 2000 }, cacheWrite: { ttl5m: 30 } };
    const usage = estimate({ usage: partial({ in: told, out: { text: 1 } }) });
    expect(usage.segments).toEqual([{ kind: 'main', in: told, out: { text: 6 } }]);
    expect(usage.estimated).toEqual(['out']);
  });

  it('keeps thoughts that were told early beside the text that is counted', () => {
    const usage = estimate({
      usage: partial({ in: { fresh: { text: 9 } }, out: { text: 1, reasoning: 400 } }, 'gemini'),
    });
    expect(usage.segments[0]?.out).toEqual({ text: 6, reasoning: 400 });
  });

  it('does not count reasoning twice that a running total holds', () => {
    const answer = passedText('Once.', { texts: { text: ['Once.'], reasoning: ['word '.repeat(99)], toolCall: [] } });
    const usage = estimate({ answer, usage: partial({ in: { fresh: { text: 9 } }, out: { text: 100 } }) });
    expect(out(usage)).toBeLessThan(110);
  });

  it('never replaces an explicit zero (fault 31)', () => {
    const final: Usage = { ...partial({ in: { fresh: { text: 0 } }, out: { text: 0 } }), completeness: 'final' };
    expect(estimate({ usage: final })).toBe(final);
    const zeroInput = estimate({ usage: partial({ in: { fresh: { text: 0 } } }) });
    expect(zeroInput.segments[0]?.in).toEqual({ fresh: { text: 0 } });
    // Output that is told without input came with the end of the answer.
    const zeroOutput = estimate({ usage: partial({ out: { text: 0 } }, 'openai-chat') });
    expect(zeroOutput).toMatchObject({
      segments: [{ in: { fresh: { text: 12 } }, out: { text: 0 } }],
      estimated: ['in'],
    });
  });

  it('is never above what the model can produce or the request allows (fault 32)', () => {
    const answer = passedText('word '.repeat(500));
    const byModel = estimate({ answer, limits: { maxOutputTokens: 100, contextTokens: 10 } });
    expect(byModel.segments[0]).toMatchObject({ in: { fresh: { text: 10 } }, out: { text: 10 } });
    expect(codes(byModel)).toEqual(['estimated', 'estimate_cut', 'estimate_cut']);
    expect(out(estimate({ answer, request: { ...request, max_completion_tokens: 7, n: 2 } }))).toBe(14);
    const gemini = { contents: [], generationConfig: { maxOutputTokens: 11 } };
    expect(out(estimate({ answer, usage: { ...missing, api: 'gemini' }, request: gemini }))).toBe(11);
  });

  it('bills nothing for an error, whatever its text, but what was produced before it (fault 33)', () => {
    const failed = passedText('', { failed: true, begun: false });
    expect(estimate({ answer: failed })).toBe(missing);
    expect(estimate({ answer: passedText('', { failed: true }) })).toBe(missing);
    expect(estimate({ answer: passedText('Once', { failed: true }) }).segments[0]?.out).toEqual({ text: 2 });
  });

  it('is none where nothing came, and zero output where the upstream was about to answer', () => {
    expect(estimate({ answer: passedText('', { begun: false }) })).toBe(missing);
    expect(estimate({ answer: passedText('') }).segments).toEqual([
      { kind: 'main', in: { fresh: { text: 12 } }, out: { text: 0 } },
    ]);
  });

  it('leaves a record to a person that is partial for a name that cannot be used', () => {
    const unusable = { ...partial({}), anomalies: [{ code: 'name_invalid', detail: 'model is a number.' }] };
    expect(needsEstimate(unusable)).toBe(false);
    expect(estimate({ usage: unusable })).toBe(unusable);
  });

  it('says what it could not count', () => {
    const picture = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
    const usage = estimate({
      request: { messages: [{ role: 'user', content: [picture, { type: 'input_audio', input_audio: {} }] }] },
      answer: passedText('Once', { uncounted: ['audio'] }),
    });
    expect(usage.anomalies.at(-1)).toEqual({
      code: 'estimate_incomplete',
      detail:
        'Not counted: an image whose size is not in the request or whose rule is not known; a part of type input_audio; audio.',
    });
    const { request: _kept, ...unkept } = { request };
    const withoutRequest = estimate({ ...unkept, request: undefined });
    expect(withoutRequest.segments[0]?.in).toEqual({});
    expect(codes(withoutRequest)).toEqual(['estimated', 'estimate_incomplete']);
  });

  it('measures text that was dropped by the text that was kept', () => {
    const kept = passedText('word '.repeat(100));
    const usage = estimate({ answer: { ...kept, dropped: { text: 1000, reasoning: 0, toolCall: 0 } } });
    expect(out(usage)).toBeGreaterThanOrEqual(300);
    expect(out(usage)).toBeLessThanOrEqual(304);
  });

  it('counts the input of an embedding and gives it no output', () => {
    const usage = estimate({
      usage: { ...missing, api: 'embeddings' },
      request: { input: ['one two', [1, 2, 3]] },
      answer: passedText(''),
    });
    expect(usage.segments).toEqual([{ kind: 'main', in: { fresh: { text: 5 } }, out: {} }]);
    expect(usage.estimated).toEqual(['in']);
  });
});

describe('every estimate', () => {
  const count = fc.nat(1000);
  const texts = fc.array(
    fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => `${text} x`),
    { maxLength: 3 },
  );
  const source = fc.record({
    answer: fc
      .record({ text: texts, reasoning: texts, toolCall: texts })
      .map((some) => passedText('', { texts: some })),
    usage: fc.oneof(
      fc.constant(missing),
      fc
        .record({ fresh: count, text: count, reasoning: count })
        .map(({ fresh, ...early }) => partial({ in: { fresh: { text: fresh } }, out: early })),
    ),
    limits: fc.record({ maxOutputTokens: count, contextTokens: count }, { requiredKeys: [] }),
  });

  it('is at most each limit, at least what was told, whole and conforming', () => {
    fc.assert(
      fc.property(source, (given) => {
        const usage = estimate(given);
        const told = given.usage.segments[0];
        const [main] = usage.segments;
        expect(usageRecord.safeParse(usage).error).toBeUndefined();
        expect(inputTokens(main!)).toBe(told ? inputTokens(told) : Math.min(12, given.limits.contextTokens ?? 12));
        expect(out(usage)).toBeGreaterThanOrEqual(told ? outputTokens(told) : 0);
        const most = Math.min(given.limits.maxOutputTokens ?? Infinity, given.limits.contextTokens ?? Infinity);
        expect(out(usage)).toBeLessThanOrEqual(Math.max(most, told ? outputTokens(told) : 0));
        for (const tokens of Object.values(main!.out)) expect(tokens).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('does not shrink when more words pass', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9]{1,15}[.!]?$/);
    fc.assert(
      fc.property(fc.array(word, { maxLength: 40 }), word, (words, more) => {
        const shorter = estimate({ answer: passedText(words.join(' ')) });
        const longer = estimate({ answer: passedText([...words, more].join(' ')) });
        expect(out(longer)).toBeGreaterThanOrEqual(out(shorter));
      }),
    );
  });
});
