import type { PriceSheet } from './price-sheet.js';

/** One price for text, image and video input; thinking is billed as output: https://ai.google.dev/gemini-api/docs/thinking#pricing. */
export const google: PriceSheet = {
  provider: 'google',
  currency: 'USD',
  source: 'https://ai.google.dev/gemini-api/docs/pricing',
  checkedOn: '2026-07-24',
  columns: {
    input: ['in.fresh.text', 'in.fresh.image', 'in.fresh.video', 'in.toolPrompt'],
    inputAudio: ['in.fresh.audio'],
    cacheRead: ['in.cacheRead.text', 'in.cacheRead.image', 'in.cacheRead.video'],
    cacheReadAudio: ['in.cacheRead.audio'],
    output: ['out.text', 'out.reasoning'],
    outputImage: ['out.image'],
  },
  models: [
    {
      names: ['gemini-3.5-flash'],
      rates: [
        { perMillion: { input: '1.5', cacheRead: '0.15', output: '9' } },
        { tier: 'priority', perMillion: { input: '2.7', cacheRead: '0.27', output: '16.2' } },
      ],
      perThousand: { webSearch: '14' },
    },
    {
      names: ['gemini-3.5-flash-lite'],
      rates: [
        { perMillion: { input: '0.3', cacheRead: '0.03', output: '2.5' } },
        { tier: 'batch', perMillion: { input: '0.15', output: '1.25' } },
        { tier: 'flex', perMillion: { input: '0.15', cacheRead: '0.02', output: '1.25' } },
        { tier: 'priority', perMillion: { input: '0.54', cacheRead: '0.05', output: '4.5' } },
      ],
      perThousand: { webSearch: '14' },
    },
    {
      names: ['gemini-3.1-pro-preview', 'gemini-3.1-pro-preview-customtools', 'gemini-3-pro-preview'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.2', output: '12' } },
        { tier: 'batch', perMillion: { input: '1', output: '6' } },
        { tier: 'priority', perMillion: { input: '3.6', cacheRead: '0.36', output: '21.6' } },
        { aboveInputTokens: 200_000, perMillion: { input: '4', cacheRead: '0.4', output: '18' } },
        {
          tier: 'priority',
          aboveInputTokens: 200_000,
          perMillion: { input: '7.2', cacheRead: '0.72', output: '32.4' },
        },
      ],
      perThousand: { webSearch: '14' },
    },
    {
      names: ['gemini-3.1-flash-lite', 'gemini-3.1-flash-lite-preview'],
      rates: [
        { perMillion: { input: '0.25', inputAudio: '0.5', cacheRead: '0.025', cacheReadAudio: '0.05', output: '1.5' } },
        { tier: 'batch', perMillion: { input: '0.125', output: '0.75' } },
        { tier: 'flex', perMillion: { input: '0.125', cacheRead: '0.0125', output: '0.75' } },
        { tier: 'priority', perMillion: { input: '0.45', cacheRead: '0.045', output: '2.7' } },
      ],
      perThousand: { webSearch: '14' },
    },
    {
      names: ['gemini-3-flash-preview'],
      rates: [
        { perMillion: { input: '0.5', inputAudio: '1', cacheRead: '0.05', output: '3' } },
        { tier: 'priority', perMillion: { input: '0.9', inputAudio: '1.8', cacheRead: '0.09', output: '5.4' } },
      ],
      perThousand: { webSearch: '14' },
    },
    {
      names: ['gemini-2.5-pro'],
      rates: [
        { perMillion: { input: '1.25', cacheRead: '0.125', output: '10' } },
        { aboveInputTokens: 200_000, perMillion: { input: '2.5', cacheRead: '0.25', output: '15' } },
      ],
    },
    {
      names: ['gemini-2.5-flash', 'gemini-2.5-flash-preview-09-2025'],
      rates: [
        { perMillion: { input: '0.3', inputAudio: '1', cacheRead: '0.03', cacheReadAudio: '0.1', output: '2.5' } },
      ],
    },
    {
      names: ['gemini-2.5-flash-lite', 'gemini-2.5-flash-lite-preview-09-2025'],
      rates: [
        { perMillion: { input: '0.1', inputAudio: '0.3', cacheRead: '0.01', cacheReadAudio: '0.03', output: '0.4' } },
      ],
    },
    {
      names: ['gemini-2.0-flash', 'gemini-2.0-flash-001'],
      rates: [{ perMillion: { input: '0.1', inputAudio: '0.7', cacheRead: '0.025', output: '0.4' } }],
    },
    {
      names: ['gemini-2.0-flash-lite', 'gemini-2.0-flash-lite-001'],
      rates: [{ perMillion: { input: '0.075', inputAudio: '0.075', output: '0.3' } }],
    },
    {
      names: ['gemini-3-pro-image', 'gemini-3-pro-image-preview'],
      rates: [{ perMillion: { input: '2', output: '12', outputImage: '120' } }],
    },
    {
      names: ['gemini-2.5-flash-image', 'gemini-2.5-flash-image-preview'],
      rates: [{ perMillion: { input: '0.3', output: '2.5', outputImage: '30' } }],
    },
    {
      names: ['gemini-embedding-001'],
      rates: [{ perMillion: { input: '0.15' } }],
    },
  ],
};
