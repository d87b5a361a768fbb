import type { PriceSheet } from './price-sheet.js';

/** Thinking is part of the output: https://docs.claude.com/en/docs/build-with-claude/extended-thinking. */
export const anthropic: PriceSheet = {
  provider: 'anthropic',
  currency: 'USD',
  source: 'https://docs.claude.com/en/docs/about-claude/pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    cacheWrite5m: ['in.cacheWrite.ttl5m'],
    cacheWrite1h: ['in.cacheWrite.ttl1h'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    // Introductory prices ended on 2026-08-31.
    {
      names: ['claude-sonnet-5'],
      rates: [
        { perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } },
        {
          tier: 'standard+geo=us',
          perMillion: { input: '3.3', cacheRead: '0.33', cacheWrite5m: '4.125', cacheWrite1h: '6.6', output: '16.5' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-5'],
      rates: [
        { perMillion: { input: '5', cacheRead: '0.5', cacheWrite5m: '6.25', cacheWrite1h: '10', output: '25' } },
        {
          tier: 'standard+geo=us',
          perMillion: { input: '5.5', cacheRead: '0.55', cacheWrite5m: '6.875', cacheWrite1h: '11', output: '27.5' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-fable-5'],
      rates: [
        { perMillion: { input: '10', cacheRead: '1', cacheWrite5m: '12.5', cacheWrite1h: '20', output: '50' } },
        {
          tier: 'standard+geo=us',
          perMillion: { input: '11', cacheRead: '1.1', cacheWrite5m: '13.75', cacheWrite1h: '22', output: '55' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-4-8'],
      rates: [
        { perMillion: { input: '5', cacheRead: '0.5', cacheWrite5m: '6.25', cacheWrite1h: '10', output: '25' } },
        {
          tier: 'standard+geo=us',
          perMillion: { input: '5.5', cacheRead: '0.55', cacheWrite5m: '6.875', cacheWrite1h: '11', output: '27.5' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-4-7', 'claude-opus-4-7-20260416', 'claude-opus-4-6', 'claude-opus-4-6-20260205'],
      rates: [
        { perMillion: { input: '5', cacheRead: '0.5', cacheWrite5m: '6.25', cacheWrite1h: '10', output: '25' } },
        {
          tier: 'standard+geo=us',
          perMillion: { input: '5.5', cacheRead: '0.55', cacheWrite5m: '6.875', cacheWrite1h: '11', output: '27.5' },
        },
        {
          tier: 'standard+speed=fast',
          perMillion: { input: '30', cacheRead: '3', cacheWrite5m: '37.5', output: '150' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-sonnet-4-6'],
      rates: [{ perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } }],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-4-5', 'claude-opus-4-5-20251101'],
      rates: [{ perMillion: { input: '5', cacheRead: '0.5', cacheWrite5m: '6.25', cacheWrite1h: '10', output: '25' } }],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
      rates: [{ perMillion: { input: '1', cacheRead: '0.1', cacheWrite5m: '1.25', cacheWrite1h: '2', output: '5' } }],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
      rates: [
        { perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } },
        {
          aboveInputTokens: 200_000,
          perMillion: { input: '6', cacheRead: '0.6', cacheWrite5m: '7.5', cacheWrite1h: '12', output: '22.5' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-4-1', 'claude-opus-4-1-20250805'],
      rates: [
        { perMillion: { input: '15', cacheRead: '1.5', cacheWrite5m: '18.75', cacheWrite1h: '30', output: '75' } },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-opus-4-0', 'claude-opus-4-20250514'],
      rates: [
        { perMillion: { input: '15', cacheRead: '1.5', cacheWrite5m: '18.75', cacheWrite1h: '30', output: '75' } },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-sonnet-4-0', 'claude-sonnet-4-20250514'],
      rates: [
        { perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } },
        {
          aboveInputTokens: 200_000,
          perMillion: { input: '6', cacheRead: '0.6', cacheWrite5m: '7.5', output: '22.5' },
        },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-3-7-sonnet-latest', 'claude-3-7-sonnet-20250219'],
      rates: [{ perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } }],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-3-5-haiku-latest', 'claude-3-5-haiku-20241022'],
      rates: [{ perMillion: { input: '0.8', cacheRead: '0.08', cacheWrite5m: '1', cacheWrite1h: '1.6', output: '4' } }],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['claude-3-5-sonnet-latest', 'claude-3-5-sonnet-20241022', 'claude-3-5-sonnet-20240620'],
      rates: [{ perMillion: { input: '3', cacheRead: '0.3', cacheWrite5m: '3.75', cacheWrite1h: '6', output: '15' } }],
    },
    {
      names: ['claude-3-opus-latest', 'claude-3-opus-20240229'],
      rates: [{ perMillion: { input: '15', cacheRead: '1.5', cacheWrite5m: '18.75', output: '75' } }],
    },
    {
      names: ['claude-3-haiku-20240307'],
      rates: [{ perMillion: { input: '0.25', cacheRead: '0.03', cacheWrite5m: '0.3', output: '1.25' } }],
    },
  ],
};
