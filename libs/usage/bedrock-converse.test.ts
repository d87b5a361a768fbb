import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anomalyCodes, quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'bedrock', api: 'bedrock-converse', requestedModel: 'amazon.nova-micro-v1:0' };

const cached = {
  inputTokens: 3,
  outputTokens: 61,
  cacheReadInputTokens: 2074,
  cacheReadInputTokenCount: 2074,
  cacheWriteInputTokens: 297,
  cacheWriteInputTokenCount: 297,
  totalTokens: 2435,
  serverToolUsage: {},
};

describe('usage of Bedrock Converse', () => {
  it('is disjoint as it is told, each cache count once though it has two names', () => {
    const usage = readAnswer(source, {
      output: {},
      stopReason: 'end_turn',
      usage: {
        ...cached,
        cacheDetails: [
          { ttl: '1h', inputTokens: 200 },
          { ttl: '5m', inputTokens: 97 },
        ],
      },
      serviceTier: { type: 'flex' },
      performanceConfig: { latency: 'optimized' },
    });
    expect(quantitiesOf(usage)).toEqual({
      'in.fresh.text': 3,
      'in.cacheRead.text': 2074,
      'in.cacheWrite.ttl1h': 200,
      'in.cacheWrite.ttl5m': 97,
      'out.text': 61,
    });
    expect(usage).toMatchObject({
      modifiers: { tierServed: 'flex', speed: 'optimized' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('takes a cache write without a duration for one of five minutes', () => {
    const usage = readAnswer(source, { usage: cached });
    expect(quantitiesOf(usage)['in.cacheWrite.ttl5m']).toBe(297);
  });

  it('of a stream comes with its metadata event, bare or under its name', () => {
    const usage = { inputTokens: 22, outputTokens: 55, totalTokens: 77 };
    const bare = [{ role: 'assistant' }, { stopReason: 'end_turn' }, { metrics: { latencyMs: 1 }, p: 'ab', usage }];
    const named = [{ messageStart: bare[0] }, { messageStop: bare[1] }, { metadata: bare[2] }];
    for (const messages of [bare, named]) {
      const read = readStream(source, ...messages);
      expect(quantitiesOf(read)).toEqual({ 'in.fresh.text': 22, 'out.text': 55 });
      expect(read).toMatchObject({ completeness: 'final', anomalies: [] });
      expect(readStream(source, ...messages.slice(0, 2)).completeness).toBe('missing');
    }
  });

  it('is not that of the guardrails, which are told in its trace', () => {
    const guardrail = { inputAssessment: { g: { invocationMetrics: { usage: { topicPolicyUnits: 1 } } } } };
    const usage = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };
    expect(quantitiesOf(readStream(source, { trace: { guardrail }, usage }))).toEqual({
      'in.fresh.text': 1,
      'out.text': 2,
    });
    expect(readStream(source, { trace: { guardrail } }).completeness).toBe('missing');
  });

  it('names the model that a prompt router chose', () => {
    const invokedModelId = 'arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-5-haiku-20241022-v1:0';
    const usage = readAnswer(source, { usage: cached, trace: { promptRouter: { invokedModelId } } });
    expect(usage.servedModel).toBe('us.anthropic.claude-3-5-haiku-20241022-v1:0');
    expect(readAnswer(source, { usage: cached }).servedModel).toBeUndefined();
  });

  it('names counts that contradict each other', () => {
    const usage = readAnswer(source, { usage: { ...cached, cacheReadInputTokenCount: 1, totalTokens: 5 } });
    expect(anomalyCodes(usage)).toEqual(['total_mismatch', 'total_mismatch']);
    expect(quantitiesOf(usage)['in.cacheRead.text']).toBe(2074);
  });

  it('adds up to input, output, reads and writes, whatever the details of the writes say', () => {
    const tokens = fc.nat({ max: 9999 });
    const details = fc.array(fc.record({ ttl: fc.constantFrom('5m', '1h', '1d'), inputTokens: tokens }), {
      maxLength: 4,
    });
    fc.assert(
      fc.property(fc.tuple(tokens, tokens, tokens, tokens), details, ([input, output, read, write], cacheDetails) => {
        const counts = {
          inputTokens: input,
          outputTokens: output,
          cacheReadInputTokens: read,
          cacheWriteInputTokens: write,
        };
        const quantities = Object.values(quantitiesOf(readAnswer(source, { usage: { ...counts, cacheDetails } })));
        expect(quantities.reduce((all, one) => all + one, 0)).toBe(input + output + read + write);
        expect(quantities.every((quantity) => quantity >= 0)).toBe(true);
      }),
    );
  });
});
