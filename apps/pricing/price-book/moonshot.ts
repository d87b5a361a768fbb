import type { PriceSheet } from './price-sheet.js';

/** Kimi. Thinking models bill their reasoning as output. */
export const moonshot: PriceSheet = {
  provider: 'moonshotai',
  currency: 'USD',
  source: 'https://platform.moonshot.ai/docs/pricing/chat',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    {
      names: ['kimi-k3'],
      rates: [{ perMillion: { input: '3', cacheRead: '0.3', output: '15' } }],
    },
    {
      names: ['kimi-k2.6'],
      rates: [{ perMillion: { input: '0.95', cacheRead: '0.16', output: '4' } }],
    },
    {
      names: ['kimi-k2.5'],
      rates: [{ perMillion: { input: '0.6', cacheRead: '0.1', output: '3' } }],
    },
    {
      names: ['kimi-k2-thinking', 'kimi-k2-0905-preview', 'kimi-k2-0711-preview'],
      rates: [{ perMillion: { input: '0.6', cacheRead: '0.15', output: '2.5' } }],
    },
    {
      names: ['kimi-k2-thinking-turbo', 'kimi-k2-turbo-preview'],
      rates: [{ perMillion: { input: '1.15', cacheRead: '0.15', output: '8' } }],
    },
    {
      names: ['moonshot-v1-8k', 'moonshot-v1-8k-vision-preview'],
      rates: [{ perMillion: { input: '0.2', output: '2' } }],
    },
    {
      names: ['moonshot-v1-32k', 'moonshot-v1-32k-vision-preview'],
      rates: [{ perMillion: { input: '1', output: '3' } }],
    },
    {
      names: ['moonshot-v1-128k', 'moonshot-v1-128k-vision-preview'],
      rates: [{ perMillion: { input: '2', output: '5' } }],
    },
  ],
};
