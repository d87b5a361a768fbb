import type { PriceSheet } from './price-sheet.js';

/** Reasoning tokens are billed as output tokens: https://platform.openai.com/docs/guides/reasoning. */
export const openai: PriceSheet = {
  provider: 'openai',
  currency: 'USD',
  source: 'https://platform.openai.com/docs/pricing',
  checkedOn: '2026-07-30',
  columns: {
    input: ['in.fresh.text'],
    inputImage: ['in.fresh.image'],
    inputAudio: ['in.fresh.audio'],
    cacheRead: ['in.cacheRead.text'],
    cacheWrite: ['in.cacheWrite.other'],
    output: ['out.text', 'out.reasoning'],
    outputImage: ['out.image'],
    outputAudio: ['out.audio'],
  },
  models: [
    {
      names: ['gpt-5.6', 'gpt-5.6-sol'],
      rates: [
        { perMillion: { input: '5', cacheRead: '0.5', cacheWrite: '6.25', output: '30' } },
        { tier: 'batch', perMillion: { input: '2.5', output: '15' } },
        { tier: 'flex', perMillion: { input: '2.5', cacheRead: '0.25', cacheWrite: '3.125', output: '15' } },
        { tier: 'priority', perMillion: { input: '10', cacheRead: '1', cacheWrite: '12.5', output: '60' } },
        { aboveInputTokens: 272_000, perMillion: { input: '10', cacheRead: '1', cacheWrite: '12.5', output: '45' } },
      ],
    },
    // Reduced on 2026-07-30; what the other tiers cost since then is not known.
    {
      names: ['gpt-5.6-terra'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.2', cacheWrite: '2.5', output: '12' } },
        { aboveInputTokens: 272_000, perMillion: { input: '4', cacheRead: '0.4', cacheWrite: '5', output: '18' } },
      ],
    },
    {
      names: ['gpt-5.6-luna'],
      rates: [
        { perMillion: { input: '0.2', cacheRead: '0.02', cacheWrite: '0.25', output: '1.2' } },
        {
          aboveInputTokens: 272_000,
          perMillion: { input: '0.4', cacheRead: '0.04', cacheWrite: '0.5', output: '1.8' },
        },
      ],
    },
    {
      names: ['gpt-5.5', 'gpt-5.5-2026-04-23'],
      rates: [
        { perMillion: { input: '5', cacheRead: '0.5', output: '30' } },
        { tier: 'batch', perMillion: { input: '2.5', output: '15' } },
        { tier: 'flex', perMillion: { input: '2.5', cacheRead: '0.25', output: '15' } },
        { tier: 'priority', perMillion: { input: '10', cacheRead: '1', output: '60' } },
        { aboveInputTokens: 272_000, perMillion: { input: '10', cacheRead: '1', output: '45' } },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['gpt-5.5-pro', 'gpt-5.5-pro-2026-04-23'],
      rates: [
        { perMillion: { input: '30', output: '180' } },
        { tier: 'batch', perMillion: { input: '15', output: '90' } },
        { tier: 'flex', perMillion: { input: '15', output: '90' } },
        { aboveInputTokens: 272_000, perMillion: { input: '60', output: '270' } },
      ],
    },
    {
      names: ['gpt-5.4', 'gpt-5.4-2026-03-05'],
      rates: [
        { perMillion: { input: '2.5', cacheRead: '0.25', output: '15' } },
        { tier: 'batch', perMillion: { input: '1.25', output: '7.5' } },
        { tier: 'flex', perMillion: { input: '1.25', cacheRead: '0.13', output: '7.5' } },
        { tier: 'priority', perMillion: { input: '5', cacheRead: '0.5', output: '30' } },
        { aboveInputTokens: 272_000, perMillion: { input: '5', cacheRead: '0.5', output: '22.5' } },
      ],
      perThousand: { webSearch: '10' },
    },
    {
      names: ['gpt-5.4-pro', 'gpt-5.4-pro-2026-03-05'],
      rates: [
        { perMillion: { input: '30', output: '180' } },
        { tier: 'batch', perMillion: { input: '15', output: '90' } },
        { tier: 'flex', perMillion: { input: '15', output: '90' } },
        { aboveInputTokens: 272_000, perMillion: { input: '60', output: '270' } },
      ],
    },
    {
      names: ['gpt-5.4-mini', 'gpt-5.4-mini-2026-03-17'],
      rates: [
        { perMillion: { input: '0.75', cacheRead: '0.075', output: '4.5' } },
        { tier: 'batch', perMillion: { input: '0.375', output: '2.25' } },
        { tier: 'flex', perMillion: { input: '0.375', cacheRead: '0.0375', output: '2.25' } },
        { tier: 'priority', perMillion: { input: '1.5', cacheRead: '0.15', output: '9' } },
      ],
    },
    {
      names: ['gpt-5.4-nano', 'gpt-5.4-nano-2026-03-17'],
      rates: [
        { perMillion: { input: '0.2', cacheRead: '0.02', output: '1.25' } },
        { tier: 'batch', perMillion: { input: '0.1', output: '0.625' } },
        { tier: 'flex', perMillion: { input: '0.1', cacheRead: '0.01', output: '0.625' } },
      ],
    },
    {
      names: ['gpt-5.3-codex', 'gpt-5.3-chat-latest'],
      rates: [
        { perMillion: { input: '1.75', cacheRead: '0.175', output: '14' } },
        { tier: 'priority', perMillion: { input: '3.5', cacheRead: '0.35', output: '28' } },
      ],
    },
    {
      names: ['gpt-5.2', 'gpt-5.2-2025-12-11', 'gpt-5.2-chat-latest', 'gpt-5.2-codex'],
      rates: [
        { perMillion: { input: '1.75', cacheRead: '0.175', output: '14' } },
        { tier: 'priority', perMillion: { input: '3.5', cacheRead: '0.35', output: '28' } },
      ],
    },
    {
      names: ['gpt-5.2-pro', 'gpt-5.2-pro-2025-12-11'],
      rates: [{ perMillion: { input: '21', output: '168' } }],
    },
    {
      names: ['gpt-5.1', 'gpt-5.1-2025-11-13', 'gpt-5.1-chat-latest', 'gpt-5.1-codex'],
      rates: [
        { perMillion: { input: '1.25', cacheRead: '0.125', output: '10' } },
        { tier: 'priority', perMillion: { input: '2.5', cacheRead: '0.25', output: '20' } },
      ],
    },
    {
      names: ['gpt-5.1-codex-max'],
      rates: [{ perMillion: { input: '1.25', cacheRead: '0.125', output: '10' } }],
    },
    {
      names: ['gpt-5.1-codex-mini'],
      rates: [
        { perMillion: { input: '0.25', cacheRead: '0.025', output: '2' } },
        { tier: 'priority', perMillion: { input: '0.45', cacheRead: '0.045', output: '3.6' } },
      ],
    },
    {
      names: ['gpt-5', 'gpt-5-2025-08-07'],
      rates: [
        { perMillion: { input: '1.25', cacheRead: '0.125', output: '10' } },
        { tier: 'flex', perMillion: { input: '0.625', cacheRead: '0.0625', output: '5' } },
        { tier: 'priority', perMillion: { input: '2.5', cacheRead: '0.25', output: '20' } },
      ],
    },
    {
      names: ['gpt-5-chat-latest', 'gpt-5-codex'],
      rates: [{ perMillion: { input: '1.25', cacheRead: '0.125', output: '10' } }],
    },
    {
      names: ['gpt-5-pro', 'gpt-5-pro-2025-10-06'],
      rates: [
        { perMillion: { input: '15', output: '120' } },
        { tier: 'batch', perMillion: { input: '7.5', output: '60' } },
      ],
    },
    {
      names: ['gpt-5-mini', 'gpt-5-mini-2025-08-07'],
      rates: [
        { perMillion: { input: '0.25', cacheRead: '0.025', output: '2' } },
        { tier: 'flex', perMillion: { input: '0.125', cacheRead: '0.0125', output: '1' } },
        { tier: 'priority', perMillion: { input: '0.45', cacheRead: '0.045', output: '3.6' } },
      ],
    },
    {
      names: ['gpt-5-nano', 'gpt-5-nano-2025-08-07'],
      rates: [
        { perMillion: { input: '0.05', cacheRead: '0.005', output: '0.4' } },
        { tier: 'flex', perMillion: { input: '0.025', cacheRead: '0.0025', output: '0.2' } },
      ],
    },
    {
      names: ['gpt-4.1', 'gpt-4.1-2025-04-14'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.5', output: '8' } },
        { tier: 'batch', perMillion: { input: '1', output: '4' } },
        { tier: 'priority', perMillion: { input: '3.5', cacheRead: '0.875', output: '14' } },
      ],
    },
    {
      names: ['gpt-4.1-mini', 'gpt-4.1-mini-2025-04-14'],
      rates: [
        { perMillion: { input: '0.4', cacheRead: '0.1', output: '1.6' } },
        { tier: 'batch', perMillion: { input: '0.2', output: '0.8' } },
        { tier: 'priority', perMillion: { input: '0.7', cacheRead: '0.175', output: '2.8' } },
      ],
    },
    {
      names: ['gpt-4.1-nano', 'gpt-4.1-nano-2025-04-14'],
      rates: [
        { perMillion: { input: '0.1', cacheRead: '0.025', output: '0.4' } },
        { tier: 'batch', perMillion: { input: '0.05', output: '0.2' } },
        { tier: 'priority', perMillion: { input: '0.2', cacheRead: '0.05', output: '0.8' } },
      ],
    },
    {
      names: ['gpt-4o', 'gpt-4o-2024-08-06', 'gpt-4o-2024-11-20'],
      rates: [
        { perMillion: { input: '2.5', cacheRead: '1.25', output: '10' } },
        { tier: 'batch', perMillion: { input: '1.25', output: '5' } },
        { tier: 'priority', perMillion: { input: '4.25', cacheRead: '2.125', output: '17' } },
      ],
    },
    {
      names: ['gpt-4o-2024-05-13'],
      rates: [
        { perMillion: { input: '5', output: '15' } },
        { tier: 'batch', perMillion: { input: '2.5', output: '7.5' } },
        { tier: 'priority', perMillion: { input: '8.75', output: '26.25' } },
      ],
    },
    {
      names: ['gpt-4o-mini', 'gpt-4o-mini-2024-07-18'],
      rates: [
        { perMillion: { input: '0.15', cacheRead: '0.075', output: '0.6' } },
        { tier: 'batch', perMillion: { input: '0.075', output: '0.3' } },
        { tier: 'priority', perMillion: { input: '0.25', cacheRead: '0.125', output: '1' } },
      ],
    },
    {
      names: ['chatgpt-4o-latest'],
      rates: [{ perMillion: { input: '5', output: '15' } }],
    },
    {
      names: ['o4-mini', 'o4-mini-2025-04-16'],
      rates: [
        { perMillion: { input: '1.1', cacheRead: '0.275', output: '4.4' } },
        { tier: 'flex', perMillion: { input: '0.55', cacheRead: '0.1375', output: '2.2' } },
        { tier: 'priority', perMillion: { input: '2', cacheRead: '0.5', output: '8' } },
      ],
    },
    {
      names: ['o4-mini-deep-research', 'o4-mini-deep-research-2025-06-26'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.5', output: '8' } },
        { tier: 'batch', perMillion: { input: '1', output: '4' } },
      ],
    },
    {
      names: ['o3', 'o3-2025-04-16'],
      rates: [
        { perMillion: { input: '2', cacheRead: '0.5', output: '8' } },
        { tier: 'flex', perMillion: { input: '1', cacheRead: '0.25', output: '4' } },
        { tier: 'priority', perMillion: { input: '3.5', cacheRead: '0.875', output: '14' } },
      ],
    },
    {
      names: ['o3-pro', 'o3-pro-2025-06-10'],
      rates: [
        { perMillion: { input: '20', output: '80' } },
        { tier: 'batch', perMillion: { input: '10', output: '40' } },
      ],
    },
    {
      names: ['o3-mini', 'o3-mini-2025-01-31'],
      rates: [{ perMillion: { input: '1.1', cacheRead: '0.55', output: '4.4' } }],
    },
    {
      names: ['o3-deep-research', 'o3-deep-research-2025-06-26'],
      rates: [
        { perMillion: { input: '10', cacheRead: '2.5', output: '40' } },
        { tier: 'batch', perMillion: { input: '5', output: '20' } },
      ],
    },
    {
      names: ['o1', 'o1-2024-12-17'],
      rates: [{ perMillion: { input: '15', cacheRead: '7.5', output: '60' } }],
    },
    {
      names: ['o1-pro', 'o1-pro-2025-03-19'],
      rates: [
        { perMillion: { input: '150', output: '600' } },
        { tier: 'batch', perMillion: { input: '75', output: '300' } },
      ],
    },
    {
      names: [
        'gpt-4-turbo',
        'gpt-4-turbo-2024-04-09',
        'gpt-4-turbo-preview',
        'gpt-4-1106-preview',
        'gpt-4-0125-preview',
      ],
      rates: [{ perMillion: { input: '10', output: '30' } }],
    },
    {
      names: ['gpt-4', 'gpt-4-0613', 'gpt-4-0314'],
      rates: [{ perMillion: { input: '30', output: '60' } }],
    },
    {
      names: ['gpt-3.5-turbo', 'gpt-3.5-turbo-0125'],
      rates: [{ perMillion: { input: '0.5', output: '1.5' } }],
    },
    {
      names: ['gpt-3.5-turbo-1106'],
      rates: [{ perMillion: { input: '1', output: '2' } }],
    },
    {
      names: ['gpt-3.5-turbo-16k'],
      rates: [{ perMillion: { input: '3', output: '4' } }],
    },
    {
      names: ['text-embedding-3-small'],
      rates: [{ perMillion: { input: '0.02' } }, { tier: 'batch', perMillion: { input: '0.01' } }],
    },
    {
      names: ['text-embedding-3-large'],
      rates: [{ perMillion: { input: '0.13' } }, { tier: 'batch', perMillion: { input: '0.065' } }],
    },
    {
      names: ['text-embedding-ada-002', 'text-embedding-ada-002-v2'],
      rates: [{ perMillion: { input: '0.1' } }, { tier: 'batch', perMillion: { input: '0.05' } }],
    },
    {
      names: ['gpt-audio', 'gpt-audio-2025-08-28', 'gpt-audio-1.5'],
      rates: [{ perMillion: { input: '2.5', inputAudio: '32', output: '10', outputAudio: '64' } }],
    },
    {
      names: ['gpt-audio-mini', 'gpt-audio-mini-2025-10-06', 'gpt-audio-mini-2025-12-15'],
      rates: [{ perMillion: { input: '0.6', inputAudio: '10', output: '2.4', outputAudio: '20' } }],
    },
    {
      names: ['gpt-image-1'],
      rates: [{ perMillion: { input: '5', inputImage: '10', cacheRead: '1.25', outputImage: '40' } }],
    },
    {
      names: ['gpt-image-1-mini'],
      rates: [{ perMillion: { input: '2', inputImage: '2.5', cacheRead: '0.2', outputImage: '8' } }],
    },
    {
      names: ['gpt-image-1.5', 'gpt-image-1.5-2025-12-16'],
      rates: [{ perMillion: { input: '5', inputImage: '8', cacheRead: '1.25', output: '10', outputImage: '32' } }],
    },
    {
      names: ['gpt-image-2', 'gpt-image-2-2026-04-21'],
      rates: [{ perMillion: { input: '5', inputImage: '8', cacheRead: '1.25', outputImage: '30' } }],
    },
  ],
};
