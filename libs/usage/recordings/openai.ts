import { counted, countedOrZero, type Counts, type Expectation, type ExpectedTotals, within } from './recording.js';

/** Providers whose `completion_tokens` leaves thinking out: it is what the total holds beside the prompt. */
const THINKING_OUTSIDE = ['google', 'xai'];

/** A gateway that passes on what xAI says: the total shows it. */
const isThinkingOutside = (usage: Counts, provider: string) =>
  THINKING_OUTSIDE.includes(provider) ||
  (provider === 'openai-compatible' &&
    counted(usage, 'total_tokens') !== counted(usage, 'prompt_tokens') + counted(usage, 'completion_tokens'));

function chatTotals(usage: Counts, provider: string): ExpectedTotals {
  const prompt = counted(usage, 'prompt_tokens');
  const output = isThinkingOutside(usage, provider)
    ? counted(usage, 'total_tokens') - prompt
    : counted(usage, 'completion_tokens');
  const reasoning = within(usage, 'completion_tokens_details')?.['reasoning_tokens'] ?? usage['reasoning_tokens'];
  const cached =
    within(usage, 'prompt_tokens_details')?.['cached_tokens'] ?? usage['cached_tokens'] ?? usage['num_cached_tokens'];
  return {
    in: prompt,
    out: output,
    quantities: {
      ...parts(within(usage, 'prompt_tokens_details'), 'in.fresh', prompt),
      ...parts(within(usage, 'completion_tokens_details'), 'out', output),
      ...(typeof reasoning === 'number' && { 'out.reasoning': Math.min(reasoning, output) }),
      ...(typeof cached === 'number' && { 'in.cacheRead.text': Math.min(cached, prompt) }),
    },
  };
}

/** Sound and pictures, of which nothing was cached in any recording. */
function parts(details: Counts | undefined, group: 'in.fresh' | 'out', whole: number): Record<string, number> {
  const told = ['audio', 'image', 'video'].map((name) => [name, details?.[`${name}_tokens`]] as const);
  return Object.fromEntries(
    told
      .filter((one): one is [string, number] => typeof one[1] === 'number')
      .map(([name, tokens]) => [`${group}.${name}`, Math.min(tokens, whole)]),
  );
}

function responsesTotals(usage: Counts): ExpectedTotals {
  const input = within(usage, 'input_tokens_details');
  return {
    in: counted(usage, 'input_tokens'),
    out: counted(usage, 'output_tokens'),
    quantities: {
      'in.cacheRead.text': countedOrZero(input, 'cached_tokens'),
      'in.cacheWrite.other':
        input?.['cache_write_tokens'] === undefined ? undefined : countedOrZero(input, 'cache_write_tokens'),
      'out.reasoning': countedOrZero(within(usage, 'output_tokens_details'), 'reasoning_tokens'),
    },
  };
}

export const openaiExpectations = {
  'openai-chat': { totals: (usage, { provider }) => chatTotals(usage, provider) },
  'openai-completions': { totals: (usage, { provider }) => chatTotals(usage, provider) },
  'openai-responses': { totals: responsesTotals },
} satisfies Record<string, Expectation>;
