import type { PriceSheet } from './price-sheet.js';

/** Reasoning is billed at the completion price: https://docs.x.ai/docs/models. */
export const xai: PriceSheet = {
  provider: 'xai',
  currency: 'USD',
  source: 'https://docs.x.ai/docs/models',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    {
      names: ['grok-4.5', 'grok-4.5-latest'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.5', output: '6' } },
        { aboveInputTokens: 200_000, perMillion: { input: '4', cacheRead: '1', output: '12' } },
      ],
    },
    {
      names: ['grok-4.3', 'grok-4.3-latest'],
      rates: [
        { perMillion: { input: '1.25', cacheRead: '0.2', output: '2.5' } },
        { aboveInputTokens: 200_000, perMillion: { input: '2.5', cacheRead: '0.4', output: '5' } },
      ],
    },
    {
      names: ['grok-4.20-0309-reasoning'],
      rates: [{ perMillion: { input: '1.25', cacheRead: '0.2', output: '2.5' } }],
    },
    {
      names: ['grok-4-1-fast', 'grok-4-1-fast-reasoning', 'grok-4-1-fast-non-reasoning'],
      rates: [
        { perMillion: { input: '0.2', cacheRead: '0.05', output: '0.5' } },
        { aboveInputTokens: 128_000, perMillion: { input: '0.4', output: '1' } },
      ],
    },
    {
      names: ['grok-4-fast', 'grok-4-fast-reasoning', 'grok-4-fast-non-reasoning'],
      rates: [
        { perMillion: { input: '0.2', cacheRead: '0.05', output: '0.5' } },
        { aboveInputTokens: 128_000, perMillion: { input: '0.4', output: '1' } },
      ],
    },
    {
      names: ['grok-4', 'grok-4-0709', 'grok-4-latest'],
      rates: [
        { perMillion: { input: '3', cacheRead: '0.75', output: '15' } },
        { aboveInputTokens: 128_000, perMillion: { input: '6', output: '30' } },
      ],
    },
    {
      names: ['grok-code-fast', 'grok-code-fast-1', 'grok-code-fast-1-0825'],
      rates: [{ perMillion: { input: '0.2', cacheRead: '0.02', output: '1.5' } }],
    },
    {
      names: ['grok-3', 'grok-3-latest', 'grok-3-beta'],
      rates: [{ perMillion: { input: '3', cacheRead: '0.75', output: '15' } }],
    },
    {
      names: ['grok-3-fast', 'grok-3-fast-latest', 'grok-3-fast-beta'],
      rates: [{ perMillion: { input: '5', cacheRead: '1.25', output: '25' } }],
    },
    {
      names: ['grok-3-mini', 'grok-3-mini-latest', 'grok-3-mini-beta'],
      rates: [{ perMillion: { input: '0.3', cacheRead: '0.075', output: '0.5' } }],
    },
    {
      names: ['grok-3-mini-fast', 'grok-3-mini-fast-latest', 'grok-3-mini-fast-beta'],
      rates: [{ perMillion: { input: '0.6', cacheRead: '0.15', output: '4' } }],
    },
  ],
};
