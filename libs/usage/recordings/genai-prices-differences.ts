import type { Compared, Extraction } from './genai-prices.js';
import { type Counts, countedOrZero, within } from './recording.js';

interface Differing {
  readonly extraction: Extraction;
  readonly name: keyof Compared;
  readonly own: Compared;
  readonly library: Compared;
}

/** Why we read a body otherwise than genai-prices does. docs/usage-differences.md has each with its rule. */
export interface KnownDifference {
  readonly reason: string;
  /** True where the reason holds for the body, and what we read is what its rule says. */
  readonly explains: (differing: Differing) => boolean;
}

const INPUT = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];

/** The first one that explains a quantity counts. */
export const differences: readonly KnownDifference[] = [
  {
    reason: 'not an embedding',
    explains: ({ extraction: { flavor, usage }, library }) =>
      flavor === 'embeddings' && 'completion_tokens' in usage && library.output === 0,
  },
  {
    reason: 'calls of their own',
    explains: ({ extraction: { usage }, name, own }) => {
      const calls = usage['iterations'] as readonly Counts[] | undefined;
      if (calls === undefined) return false;
      const sum = (...names: string[]) =>
        calls.flatMap((call) => names.map((one) => countedOrZero(call, one))).reduce((a, b) => a + b, 0);
      if (name === 'input') return own.input === sum(...INPUT);
      if (name === 'output') return own.output === sum('output_tokens');
      return name === 'cacheWrite' && own.cacheWrite === sum('cache_creation_input_tokens');
    },
  },
  {
    reason: 'thinking only in the total',
    explains: ({ extraction: { usage }, name, own }) => {
      const prompt = countedOrZero(usage, 'prompt_tokens');
      const unnamed = countedOrZero(usage, 'total_tokens') - prompt - countedOrZero(usage, 'completion_tokens');
      if (unnamed <= 0) return false;
      return name === 'reasoning'
        ? own.reasoning === unnamed
        : own.output === countedOrZero(usage, 'total_tokens') - prompt;
    },
  },
  {
    reason: 'reasoning twice',
    explains: ({ extraction: { usage }, name, own, library }) =>
      name === 'output' &&
      own.input + own.output === countedOrZero(usage, 'total_tokens') &&
      library.output === own.output + own.reasoning,
  },
  {
    reason: 'billed units',
    explains: ({ extraction: { flavor, usage }, own }) => {
      const billed = within(usage, 'billed_units');
      return (
        flavor === 'tokens' &&
        own.input === countedOrZero(billed, 'input_tokens') &&
        own.output === countedOrZero(billed, 'output_tokens')
      );
    },
  },
  {
    reason: 'left out',
    explains: ({ extraction: { usage }, name, own, library }) =>
      library[name] === 0 && own[name] === toldOf(usage)[name],
  },
];

/** The provider's own count wherever the formats put it. */
function toldOf(usage: Counts): Partial<Compared> {
  const input = within(usage, 'prompt_tokens_details') ?? within(usage, 'input_tokens_details');
  const output = within(usage, 'completion_tokens_details') ?? within(usage, 'output_tokens_details');
  const firstOf = (...counts: number[]) => counts.find((count) => count > 0) ?? 0;
  return {
    cacheRead: firstOf(
      countedOrZero(input, 'cached_tokens'),
      countedOrZero(usage, 'num_cached_tokens'),
      countedOrZero(usage, 'cached_tokens'),
    ),
    cacheWrite: countedOrZero(input, 'cache_write_tokens'),
    inputAudio: countedOrZero(input, 'audio_tokens'),
    outputAudio: countedOrZero(output, 'audio_tokens'),
    reasoning: firstOf(countedOrZero(output, 'reasoning_tokens'), countedOrZero(output, 'thinking_tokens')),
  };
}
