import { counted, countedOrZero, within, type Counts, type Expectation } from './recording.js';

/** Each provider has one place for the input: the first that is there. */
function embedded(usage: Counts): number {
  const billed = within(usage, 'billed_units');
  if (billed !== undefined) return countedOrZero(billed, 'input_tokens') + countedOrZero(billed, 'image_tokens');
  const name = ['promptTokenCount', 'prompt_tokens', 'total_tokens'].find((one) => usage[one] !== undefined);
  return counted(usage, name!);
}

export const otherExpectations = {
  embeddings: { totals: (usage) => ({ in: embedded(usage), out: 0 }) },
  rerank: {
    totals: (usage) => ({
      in: countedOrZero(usage, 'total_tokens'),
      out: 0,
      quantities: { 'units.rerankSearches': within(usage, 'billed_units')?.['search_units'] as number | undefined },
    }),
  },
  images: {
    totals: (usage) => ({
      in: countedOrZero(usage, 'input_tokens'),
      out: countedOrZero(usage, 'output_tokens'),
      quantities: {
        'in.fresh.image': within(usage, 'input_tokens_details')?.['image_tokens'] as number | undefined,
        'out.image': within(usage, 'output_tokens_details')?.['image_tokens'] as number | undefined,
        // Every recorded answer without tokens has one image.
        'units.images': usage['total_tokens'] === undefined ? 1 : undefined,
      },
    }),
  },
  audio: {
    totals: (usage) => {
      const out = countedOrZero(usage, 'completion_tokens');
      const seconds = countedOrZero(usage, 'seconds') + countedOrZero(usage, 'prompt_audio_seconds');
      return {
        in: countedOrZero(usage, 'total_tokens') - out,
        out,
        quantities: {
          'units.audioMs': seconds * 1000,
          'in.fresh.audio': within(usage, 'prompt_tokens_details')?.['audio_tokens'] as number | undefined,
        },
      };
    },
  },
} satisfies Record<string, Expectation>;
