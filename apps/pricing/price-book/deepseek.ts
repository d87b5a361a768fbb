import type { PriceSheet } from './price-sheet.js';

/** Cache hits are the cached column; reasoning is inside the completion. */
export const deepseek: PriceSheet = {
  provider: 'deepseek',
  currency: 'USD',
  source: 'https://api-docs.deepseek.com/quick_start/pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    {
      names: ['deepseek-v4-pro'],
      rates: [{ perMillion: { input: '0.435', cacheRead: '0.003625', output: '0.87' } }],
    },
    {
      names: ['deepseek-v4-flash'],
      rates: [{ perMillion: { input: '0.14', cacheRead: '0.0028', output: '0.28' } }],
    },
    {
      names: ['deepseek-chat', 'deepseek-reasoner'],
      rates: [{ perMillion: { input: '0.28', cacheRead: '0.028', output: '0.42' } }],
    },
  ],
};
