import { counted, within, type Expectation } from './recording.js';

export const cohereExpectations = {
  'cohere-chat': {
    totals: (usage) => {
      const billed = within(usage, 'billed_units')!;
      return { in: counted(billed, 'input_tokens'), out: counted(billed, 'output_tokens') };
    },
  },
} satisfies Record<string, Expectation>;
