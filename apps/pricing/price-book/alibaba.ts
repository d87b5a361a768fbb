import type { PriceSheet } from './price-sheet.js';

/** Qwen, international (Singapore). A model with a thinking mode has its own price for reasoning. */
export const alibaba: PriceSheet = {
  provider: 'alibaba',
  currency: 'USD',
  source: 'https://www.alibabacloud.com/help/en/model-studio/model-pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text'],
    reasoning: ['out.reasoning'],
  },
  models: [
    {
      names: ['qwen3-max', 'qwen3-max-2026-01-23', 'qwen3-max-preview'],
      rates: [
        { perMillion: { input: '1.2', output: '6', reasoning: '6' } },
        { aboveInputTokens: 32_000, perMillion: { input: '2.4', output: '12', reasoning: '12' } },
        { aboveInputTokens: 128_000, perMillion: { input: '3', output: '15', reasoning: '15' } },
      ],
    },
    {
      names: ['qwen-plus-latest', 'qwen-plus-2025-09-11', 'qwen-plus-2025-07-28'],
      rates: [
        { perMillion: { input: '0.4', output: '1.2', reasoning: '4' } },
        { aboveInputTokens: 256_000, perMillion: { input: '1.2', output: '3.6', reasoning: '12' } },
      ],
    },
    {
      names: ['qwen-flash', 'qwen-flash-2025-07-28'],
      rates: [
        { perMillion: { input: '0.05', output: '0.4', reasoning: '0.4' } },
        { aboveInputTokens: 256_000, perMillion: { input: '0.25', output: '2', reasoning: '2' } },
      ],
    },
    {
      names: ['qwen-turbo', 'qwen-turbo-latest', 'qwen-turbo-2025-04-28'],
      rates: [{ perMillion: { input: '0.05', output: '0.2', reasoning: '0.5' } }],
    },
    {
      names: ['qwen3-coder-plus'],
      rates: [
        { perMillion: { input: '1', cacheRead: '0.1', output: '5' } },
        { aboveInputTokens: 32_000, perMillion: { input: '1.8', cacheRead: '0.18', output: '9' } },
        { aboveInputTokens: 128_000, perMillion: { input: '3', cacheRead: '0.3', output: '15' } },
        { aboveInputTokens: 256_000, perMillion: { input: '6', cacheRead: '0.6', output: '60' } },
      ],
    },
    {
      names: ['qwen3-coder-flash'],
      rates: [
        { perMillion: { input: '0.3', cacheRead: '0.08', output: '1.5' } },
        { aboveInputTokens: 32_000, perMillion: { input: '0.5', cacheRead: '0.12', output: '2.5' } },
        { aboveInputTokens: 128_000, perMillion: { input: '0.8', cacheRead: '0.2', output: '4' } },
        { aboveInputTokens: 256_000, perMillion: { input: '1.6', cacheRead: '0.4', output: '9.6' } },
      ],
    },
  ],
};
