import { describe, expect, it } from '@jest/globals';
import { generateTrace } from './generate-trace.js';
import { planRequest, writeRequest } from './plan-request.js';

const row = { atMs: 0, contextTokens: 3, generatedTokens: 2 };
const plans = Array.from({ length: 168 }, (_, index) => planRequest(index, row));

describe('a planned request', () => {
  it('follows from its place in the trace alone', () => {
    expect(planRequest(11, row)).toEqual({
      keyIndex: 3,
      team: 'support',
      protocol: 'openai',
      model: 'gpt-4.1',
      stream: true,
      inputTokens: 3,
      outputTokens: 2,
    });
  });

  it('meets every combination of key, model and streaming in 168 rows', () => {
    const combinations = new Set(plans.map(({ keyIndex, model, stream }) => `${keyIndex} ${model} ${stream}`));
    expect(combinations.size).toBe(8 * 7 * 2);
    expect(new Set(plans.map(({ keyIndex, team }) => `${keyIndex} ${team}`)).size).toBe(8);
  });

  it('has as many words as the trace says tokens, and carries its key as its protocol does', () => {
    const anthropic = writeRequest(planRequest(1, row), 'secret');
    expect(anthropic).toMatchObject({ path: '/v1/messages', headers: { 'x-api-key': 'secret' } });
    expect(JSON.parse(anthropic.body)).toMatchObject({ messages: [{ content: 'toll toll toll ' }], max_tokens: 2 });
    const openai = writeRequest(planRequest(0, { ...row, contextTokens: 0 }), 'secret');
    expect(openai).toMatchObject({ path: '/v1/chat/completions', headers: { authorization: 'Bearer secret' } });
    expect(JSON.parse(openai.body)).toMatchObject({ messages: [{ content: '' }], max_completion_tokens: 2 });
  });
});

describe('the generated trace', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(generateTrace(100)).toEqual(generateTrace(100));
    expect(generateTrace(100)).not.toEqual(generateTrace(100, 2));
  });

  it('has whole sizes within its bounds, in the order of time', () => {
    const rows = generateTrace(5000);
    expect(rows.every(({ contextTokens }) => Number.isInteger(contextTokens) && contextTokens <= 16_000)).toBe(true);
    expect(rows.every(({ generatedTokens }) => Number.isInteger(generatedTokens) && generatedTokens >= 0)).toBe(true);
    expect(rows.every(({ atMs }, index) => index === 0 || atMs > (rows[index - 1]?.atMs ?? 0))).toBe(true);
    const mean = rows.reduce((sum, { contextTokens }) => sum + contextTokens, 0) / rows.length;
    expect(mean).toBeGreaterThan(1000);
    expect(mean).toBeLessThan(1600);
  });
});
