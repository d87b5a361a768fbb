import type { PriceSheet } from './price-sheet.js';

/** Reasoning models (Magistral) bill their thinking as output. */
export const mistral: PriceSheet = {
  provider: 'mistral',
  currency: 'USD',
  source: 'https://mistral.ai/pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    {
      names: ['mistral-large-2512', 'mistral-large-latest'],
      rates: [{ perMillion: { input: '0.5', cacheRead: '0.05', output: '1.5' } }],
    },
    {
      names: ['mistral-large-2411'],
      rates: [{ perMillion: { input: '2', output: '6' } }],
    },
    {
      names: ['mistral-medium-2604', 'mistral-medium-3-5', 'mistral-medium-latest'],
      rates: [{ perMillion: { input: '1.5', output: '7.5' } }],
    },
    {
      names: ['mistral-medium-2508', 'mistral-medium-2505'],
      rates: [{ perMillion: { input: '0.4', output: '2' } }],
    },
    {
      names: ['mistral-small-latest'],
      rates: [{ perMillion: { input: '0.1', output: '0.3' } }],
    },
    {
      names: ['magistral-medium-latest', 'magistral-medium-2509', 'magistral-medium-2506'],
      rates: [{ perMillion: { input: '2', output: '5' } }],
    },
    {
      names: ['magistral-small-latest', 'magistral-small-2509', 'magistral-small-2506'],
      rates: [{ perMillion: { input: '0.5', output: '1.5' } }],
    },
    {
      names: ['ministral-8b-2512'],
      rates: [{ perMillion: { input: '0.15', output: '0.15' } }],
    },
    {
      names: ['codestral-latest', 'codestral-2508'],
      rates: [{ perMillion: { input: '0.3', cacheRead: '0.03', output: '0.9' } }],
    },
    {
      names: ['devstral-2512'],
      rates: [{ perMillion: { input: '0.4', cacheRead: '0.04', output: '2' } }],
    },
    {
      names: ['devstral-medium-2507'],
      rates: [{ perMillion: { input: '0.4', output: '2' } }],
    },
    {
      names: ['devstral-small-2507', 'devstral-small-2505'],
      rates: [{ perMillion: { input: '0.1', output: '0.3' } }],
    },
    {
      names: ['pixtral-large-latest', 'pixtral-large-2411'],
      rates: [{ perMillion: { input: '2', output: '6' } }],
    },
    {
      names: ['pixtral-12b-2409'],
      rates: [{ perMillion: { input: '0.15', output: '0.15' } }],
    },
    {
      names: ['open-mistral-7b', 'mistral-tiny'],
      rates: [{ perMillion: { input: '0.25', output: '0.25' } }],
    },
    {
      names: ['open-mixtral-8x7b'],
      rates: [{ perMillion: { input: '0.7', output: '0.7' } }],
    },
    {
      names: ['open-mixtral-8x22b'],
      rates: [{ perMillion: { input: '2', output: '6' } }],
    },
    {
      names: ['mistral-embed'],
      rates: [{ perMillion: { input: '0.1' } }],
    },
  ],
};
