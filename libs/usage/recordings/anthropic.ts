import { countedOrZero, type Counts, type Expectation } from './recording.js';

const INPUT = ['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens'];

/** Where calls are listed, the sum is over the calls: the top level leaves out an advisor's and a compaction's. */
const calls = (usage: Counts): readonly Counts[] => (usage['iterations'] as readonly Counts[] | undefined) ?? [usage];

const sum = (calls: readonly Counts[], names: readonly string[]) =>
  calls.flatMap((call) => names.map((name) => countedOrZero(call, name))).reduce((a, b) => a + b, 0);

export const anthropicExpectations = {
  'anthropic-messages': {
    totals: (usage) => ({ in: sum(calls(usage), INPUT), out: sum(calls(usage), ['output_tokens']) }),
  },
} satisfies Record<string, Expectation>;
