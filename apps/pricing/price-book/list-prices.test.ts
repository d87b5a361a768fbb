import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { loadConfig } from '#config/config.js';
import { priceBook } from '#contracts/price-book.js';
import { limits } from '#contracts/streams.js';
import { parseAmount, type Pico } from '#money/pico.js';
import { compilePriceBook, findTariff } from '#rating/compile-price-book.js';
import { rateUsage } from '#rating/rate-usage.js';
import type { Usage, UsageSegment } from '#usage/usage.js';
import { compilePriceSheets, priceVersion } from './compile-price-sheets.js';
import { listPrices } from './list-prices.js';
import type { PriceSheet } from './price-sheet.js';

const list = listPrices();
const book = compilePriceBook(list);
const DIMENSION =
  /^(in\.(fresh|cacheRead)\.(text|audio|image|video)|in\.cacheWrite\.(ttl5m|ttl1h|other)|in\.toolPrompt|out\.(text|reasoning|audio|image)|units\.webSearch)$/;

function rate(provider: string, servedModel: string, segment: Pick<UsageSegment, 'in' | 'out'>, tierServed?: string) {
  const usage: Usage = {
    provider,
    api: 'test',
    servedModel,
    segments: [{ kind: 'main', ...segment }],
    completeness: 'final',
    anomalies: [],
    ...(tierServed === undefined ? {} : { modifiers: { tierServed } }),
  };
  return rateUsage({ outcome: 'completed', priceVersion: book.version, usage }, book);
}

function amountOf(...usage: Parameters<typeof rate>): Pico | undefined {
  const rated = rate(...usage);
  return rated.status === 'charged' ? rated.amount : undefined;
}

describe('the list prices', () => {
  it('are a price book that fits into a message', () => {
    expect(priceBook.parse(list)).toEqual(list);
    expect(Buffer.byteLength(JSON.stringify(list))).toBeLessThan(limits.maxMessageBytes);
  });

  it('are whole numbers of pico for one unit, above zero, of dimensions that a usage record has', () => {
    for (const { rates } of list.tariffs) {
      for (const [dimension, price] of rates.flatMap(({ unitPrices }) => Object.entries(unitPrices))) {
        expect(dimension).toMatch(DIMENSION);
        expect(parseAmount(price)).toBeGreaterThan(0n);
      }
    }
  });

  it('have one price per model, and none for the model that tests leave unpriced', () => {
    expect(book.tariffs.size).toBe(list.tariffs.flatMap(({ models }) => models).length);
    for (const { models } of list.tariffs) expect(models).not.toContain('sandbox-unpriced');
  });

  it('name their content in their version', () => {
    expect(list.version).toMatch(/^\d{4}-\d{2}-\d{2}-[0-9a-f]{8}$/);
    const [first, ...rest] = list.tariffs;
    expect(priceVersion('2026-09-01', [{ ...first!, checkedOn: '2026-07-25' }, ...rest])).not.toBe(list.version);
  });

  it('charge a whole long request at the long rate, from the first token above the limit', () => {
    const long = (text: number) => amountOf('anthropic', 'claude-sonnet-4-5', { in: { fresh: { text } }, out: {} });
    expect(long(200_000)).toBe(parseAmount('0.6'));
    expect(long(200_001)).toBe(parseAmount('1.200006'));
  });

  it('do not bill a long request at the short rate in a tier whose long rate is unknown', () => {
    const flex = (text: number) => rate('openai', 'gpt-5.4', { in: { fresh: { text } }, out: {} }, 'flex').status;
    expect([flex(272_000), flex(272_001)]).toEqual(['charged', 'suspended']);
  });
});

describe('a price sheet', () => {
  const sheet = (perMillion: Record<string, string>): PriceSheet => ({
    provider: 'p',
    currency: 'USD',
    source: 'https://example.com',
    checkedOn: '2026-01-01',
    columns: { input: ['in.fresh.text'] },
    models: [{ names: ['m'], rates: [{ perMillion }] }],
  });

  it('is refused with a column that means nothing, or a price that cannot be held exactly', () => {
    expect(() => compilePriceSheets([sheet({ output: '1' })], '2026-01-01')).toThrow('no column "output"');
    expect(() => compilePriceSheets([sheet({ input: '0.0000001' })], '2026-01-01')).toThrow('0.0000001 per million');
  });
});

// What others computed or charged for real responses. Where the recordings are absent, the suite above stands alone.
const { TOLLGATE_RECORDINGS: folder } = loadConfig(
  z.object({ TOLLGATE_RECORDINGS: z.string().default('../shared/data') }),
);

/** They compute in floats: equal to within a few parts in 10^9. */
function close(amount: Pico | undefined, stated: number): boolean {
  return amount !== undefined && Math.abs(Number(amount) / 1e12 - stated) <= stated * 1e-9 + 1e-12;
}

/** Aliases that moved on and introductory prices that ended: genai-prices has the earlier price of these. */
const repriced = new Set(['mistral-medium-latest', 'mistral-large-latest', 'claude-sonnet-5']);

const genaiUsages = z.array(
  z.object({
    model: z.string().nullish(),
    extracted: z.array(
      z.object({
        usage: z.record(z.string(), z.number()),
        extractors: z.array(
          z.object({
            provider_id: z.string(),
            input_price: z.string().optional(),
            output_price: z.string().default('0'),
          }),
        ),
      }),
    ),
  }),
);
/** Quantities of which we know that both sides understand the same; the others would compare two readings, not two rates. */
const plainQuantities =
  /^(input_tokens|input_text_tokens|cache_read_tokens|cache_text_read_tokens|output_tokens|output_text_tokens|output_reasoning_tokens)$/;

if (existsSync(`${folder}/genai-prices/usages.json`)) {
  it('charge what genai-prices computes for recorded usage', () => {
    const file = readFileSync(`${folder}/genai-prices/usages.json`, 'utf8');
    let compared = 0;
    for (const { model, extracted } of genaiUsages.parse(JSON.parse(file))) {
      if (model === null || model === undefined || repriced.has(model)) continue;
      for (const { usage, extractors } of extracted) {
        if (!Object.keys(usage).every((name) => plainQuantities.test(name))) continue;
        const { input_tokens: input = 0, cache_read_tokens: cached = 0, output_tokens: text = 0 } = usage;
        const segment = { in: { fresh: { text: input - cached }, cacheRead: { text: cached } }, out: { text } };
        for (const { provider_id: provider, input_price: priced, output_price: output } of extractors) {
          if (priced === undefined || findTariff(book, provider, model) === undefined) continue;
          const stated = Number(priced) + Number(output);
          expect({ model, usage, close: close(amountOf(provider, model, segment), stated) }).toMatchObject({
            close: true,
          });
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(500);
  });
}

/** OpenRouter passes on these providers' list prices, and states them apart from its own charges for search. */
const passedOn: Record<string, [provider: string, model: string]> = {
  'anthropic/claude-4.6-sonnet-20260217': ['anthropic', 'claude-sonnet-4-6'],
  'anthropic/claude-4.5-sonnet-20250929': ['anthropic', 'claude-sonnet-4-5-20250929'],
  'google/gemini-2.5-flash': ['google', 'gemini-2.5-flash'],
  'openai/gpt-4.1-mini': ['openai', 'gpt-4.1-mini'],
  'openai/gpt-4o-mini': ['openai', 'gpt-4o-mini'],
  'openai/gpt-5-mini': ['openai', 'gpt-5-mini'],
  'openai/gpt-5-mini-2025-08-07': ['openai', 'gpt-5-mini-2025-08-07'],
  'openai/gpt-5.1-codex-mini': ['openai', 'gpt-5.1-codex-mini'],
};
const statedCost = z.object({
  model: z.string(),
  usage: z.object({
    prompt_tokens: z.number(),
    completion_tokens: z.number(),
    prompt_tokens_details: z.object({ cached_tokens: z.literal(0), cache_write_tokens: z.literal(0).optional() }),
    cost_details: z.object({
      upstream_inference_prompt_cost: z.number(),
      upstream_inference_completions_cost: z.number(),
    }),
  }),
});

if (existsSync(`${folder}/provider_stated_costs.jsonl`)) {
  it('charge what providers said that they charge', () => {
    const lines = readFileSync(`${folder}/provider_stated_costs.jsonl`, 'utf8').split('\n').filter(Boolean);
    let compared = 0;
    for (const line of lines) {
      const stated = statedCost.safeParse(JSON.parse(line));
      const [provider, model] = (stated.success ? passedOn[stated.data.model] : undefined) ?? [];
      if (!stated.success || provider === undefined || model === undefined) continue;
      const { prompt_tokens: input, completion_tokens: output, cost_details: cost } = stated.data.usage;
      const amount = amountOf(provider, model, { in: { fresh: { text: input } }, out: { text: output } });
      const costs = cost.upstream_inference_prompt_cost + cost.upstream_inference_completions_cost;
      expect({ line, close: close(amount, costs) }).toMatchObject({ close: true });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(20);
  });
}
