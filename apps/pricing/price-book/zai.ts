import type { PriceSheet } from './price-sheet.js';

/** GLM. Thinking is billed as output. */
export const zai: PriceSheet = {
  provider: 'zai',
  currency: 'USD',
  source: 'https://docs.z.ai/guides/overview/pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text'],
    cacheRead: ['in.cacheRead.text'],
    output: ['out.text', 'out.reasoning'],
  },
  models: [
    {
      names: ['glm-5.1', 'glm-5.2', 'glm-5.3'],
      rates: [{ perMillion: { input: '1.4', cacheRead: '0.26', output: '4.4' } }],
    },
    {
      names: ['glm-5'],
      rates: [{ perMillion: { input: '1', cacheRead: '0.2', output: '3.2' } }],
    },
    {
      names: ['glm-4.7', 'glm-4.6'],
      rates: [{ perMillion: { input: '0.6', cacheRead: '0.11', output: '2.2' } }],
    },
    {
      names: ['glm-4.5'],
      rates: [{ perMillion: { input: '0.6', cacheRead: '0.11', output: '2.2' } }],
    },
    {
      names: ['glm-4.5-air'],
      rates: [{ perMillion: { input: '0.2', output: '1.1' } }],
    },
  ],
};
