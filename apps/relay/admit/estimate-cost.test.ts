import { describe, expect, it } from '@jest/globals';
import { parseAmount } from '#money/pico.js';
import { compilePriceBook } from '#rating/compile-price-book.js';
import type { JsonObject } from '#usage/json.js';
import type { Usage } from '#usage/usage.js';
import { estimateBatch, estimateCost, UNKNOWN_COST } from './estimate-cost.js';
import { settledCost } from './settled-cost.js';

const unitPrices = { 'in.fresh.text': '0.000002', 'in.cacheRead.text': '0.000001', 'out.text': '0.00001' };
const tariff = {
  provider: 'openai',
  models: ['gpt-4o'],
  currency: 'USD',
  source: 'a test',
  checkedOn: '2026-11-01',
  rates: [
    { tier: 'standard', aboveInputTokens: 0, unitPrices },
    { tier: 'standard', aboveInputTokens: 10_000, unitPrices: { ...unitPrices, 'in.fresh.text': '0.000004' } },
  ],
};
const perImage = [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'units.images': '0.04' } }];
const book = compilePriceBook({
  version: 'v1',
  publishedAt: '2026-11-01T00:00:00Z',
  tariffs: [tariff, { ...tariff, models: ['painter'], rates: perImage }],
});

const estimate = (json: JsonObject, model = 'gpt-4o', api = 'openai-chat') =>
  estimateCost({ provider: 'openai', model, api, bodyBytes: JSON.stringify(json).length, json }, book);
const say = (content: unknown, more: object = {}) => ({ messages: [{ role: 'user', content }], ...more });

describe('what a request may cost', () => {
  it('is its whole input at the dearest rate and the longest answer that it asks for', () => {
    // 'user' and 996 letters are 500 tokens at most, and a message is framed by 6.
    const cost = estimate(say('x'.repeat(996), { max_tokens: 1000 }));
    expect(cost).toEqual({ currency: 'USD', amount: parseAmount('0.011012') });
    expect(estimate(say('x'.repeat(996), { max_tokens: 1000, n: 3 })).amount).toBe(parseAmount('0.031012'));
    expect(estimate(say('x'.repeat(29_996), { max_tokens: 1 })).amount).toBe(15_006n * 4_000_000n + 10_000_000n);
  });

  it('is that of the larger of two limits: some upstreams read the older one', () => {
    const both = say('x'.repeat(996), { max_completion_tokens: 1, max_tokens: 1000 });
    expect(estimate(both)).toEqual(estimate(say('x'.repeat(996), { max_tokens: 1000 })));
  });

  it('is at the price of the upstream’s name of the model, and else at that of the client’s', () => {
    const attempt = { provider: 'openai', api: 'embeddings', bodyBytes: 100, json: { input: 'x'.repeat(100) } };
    const known = { currency: 'USD', amount: 50n * 2_000_000n };
    expect(estimateCost({ ...attempt, model: 'small', upstreamModel: 'gpt-4o' }, book)).toEqual(known);
    expect(estimateCost({ ...attempt, model: 'gpt-4o', upstreamModel: 'our-deployment' }, book)).toEqual(known);
    expect(estimateCost({ ...attempt, model: 'small', upstreamModel: 'our-deployment' }, book)).toEqual(UNKNOWN_COST);
  });

  it('counts 4096 tokens of answer where the client sets no limit, and for embeddings none', () => {
    expect(estimate(say('x'.repeat(996))).amount).toBe(506n * 2_000_000n + 4_096n * 10_000_000n);
    expect(estimate({ input: 'x'.repeat(100) }, 'gpt-4o', 'embeddings').amount).toBe(50n * 2_000_000n);
  });

  it('does not take the bytes of an image for text', () => {
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}`;
    const image = say([{ type: 'image_url', image_url: { url } }], { max_tokens: 1 });
    expect(estimate(image).amount).toBeLessThan(parseAmount('0.03'));
  });

  it('does not take the bytes of a form for text: they are a file', () => {
    const form = { provider: 'openai', model: 'gpt-4o', api: 'audio', bodyBytes: 25_000_000 };
    expect(estimateCost(form, book).amount).toBe(5_000n * 2_000_000n + 4_096n * 10_000_000n);
  });

  it('is something where nobody knows it: unknown is not free (fault 46)', () => {
    expect(estimate(say('hello'), 'unheard-of')).toEqual(UNKNOWN_COST);
    expect(estimate({ prompt: 'a cat' }, 'painter', 'images')).toEqual(UNKNOWN_COST);
    expect(estimateCost({ provider: 'openai', model: 'gpt-4o', api: 'openai-chat', bodyBytes: 9 }, undefined)).toEqual(
      UNKNOWN_COST,
    );
  });
});

describe('what an attempt takes of what was held for it', () => {
  const held = { currency: 'USD', amount: parseAmount('0.5') };
  const usage = (more: Partial<Usage>): Usage => ({
    ...{ provider: 'openai', api: 'openai-chat', requestedModel: 'gpt-4o', anomalies: [], completeness: 'final' },
    segments: [{ kind: 'main', in: { fresh: { text: 10 } }, out: { text: 2 } }],
    ...more,
  });
  const settle = (more: Partial<Usage>, outcome: 'completed' | 'failed' | 'aborted' | 'broken' = 'completed') =>
    settledCost(held, { outcome, priceVersion: 'v1', usage: usage(more) }, book);

  it('is what it is charged with', () => {
    expect(settle({})).toBe(parseAmount('0.00004'));
  });

  it('is nothing when it failed and nobody bills it (fault 42)', () => {
    expect(settle({ segments: [], completeness: 'missing' }, 'failed')).toBe(0n);
  });

  it('is all of it when its usage is not known in full: a stream that broke off was not free (fault 43)', () => {
    for (const completeness of ['partial', 'estimated', 'missing'] as const) {
      expect(settle({ completeness }, 'broken')).toBe(held.amount);
      expect(settle({ completeness }, 'aborted')).toBe(held.amount);
    }
  });

  it('is all of it when it has no price, or one in another currency', () => {
    expect(settle({ servedModel: 'unheard-of' })).toBe(held.amount);
    expect(
      settledCost({ ...held, currency: 'CNY' }, { outcome: 'completed', priceVersion: 'v1', usage: usage({}) }, book),
    ).toBe(held.amount);
  });
});

describe('what a batch may cost', () => {
  const model = { provider: 'openai', model: 'gpt-4o', api: 'openai-chat' };
  const tokens = { lines: 3, input: 12_000, output: 30, largestInput: 9_000 };
  const cost = (input: bigint) => ({ currency: 'USD', amount: 12_000n * input + 30n * 10_000_000n });

  it('is what its lines may, each at the rate of the largest', () => {
    expect(estimateBatch(tokens, model, book)).toEqual(cost(2_000_000n));
    expect(estimateBatch({ ...tokens, largestInput: 10_001 }, model, book)).toEqual(cost(4_000_000n));
  });

  it('is at the batches’ own rate where one is listed', () => {
    const half = {
      tier: 'batch',
      aboveInputTokens: 0,
      unitPrices: { 'in.fresh.text': '0.000001', 'out.text': '0.00001' },
    };
    const listed = { version: 'v2', publishedAt: '2026-11-01T00:00:00Z', tariffs: [{ ...tariff, rates: [half] }] };
    expect(estimateBatch(tokens, model, compilePriceBook(listed))).toEqual(cost(1_000_000n));
  });

  it('is one cent for each line where nobody knows it', () => {
    const unknown = { currency: 'USD', amount: parseAmount('0.03') };
    expect(estimateBatch(tokens, { ...model, model: 'unheard-of' }, book)).toEqual(unknown);
    expect(estimateBatch(tokens, model, undefined)).toEqual(unknown);
  });
});
