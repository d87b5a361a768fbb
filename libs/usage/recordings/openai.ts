import { counted, type Counts, type Expectation, type ExpectedTotals } from './recording.js';

/** Providers whose `completion_tokens` leaves thinking out: it is what the total holds beside the prompt. */
const THINKING_OUTSIDE = ['google', 'xai'];

function chatTotals(usage: Counts, provider: string): ExpectedTotals {
  const prompt = counted(usage, 'prompt_tokens');
  if (THINKING_OUTSIDE.includes(provider)) return { in: prompt, out: counted(usage, 'total_tokens') - prompt };
  return { in: prompt, out: counted(usage, 'completion_tokens') };
}

export const openaiExpectations = {
  'openai-chat': { totals: (usage, { provider }) => chatTotals(usage, provider) },
} satisfies Record<string, Expectation>;
