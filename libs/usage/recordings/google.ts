import { countedOrZero, type Counts, type Expectation, type ExpectedTotals } from './recording.js';

/** Where tokens are split by modality. */
interface Split {
  readonly split: string;
  readonly entryCount: string;
}

interface Names extends Split {
  readonly input: string;
  readonly output: string;
  readonly thoughts: string;
  readonly toolPrompt: string;
  readonly total: string;
}

const CACHED: Split = { split: 'cacheTokensDetails', entryCount: 'tokenCount' };

/** Σ in is the prompt and what tools answered, Σ out the candidates and the thoughts: together they are the total. */
function totals(usage: Counts, names: Names): ExpectedTotals | undefined {
  if (usage[names.total] === undefined) return undefined;
  const toolPrompt = countedOrZero(usage, names.toolPrompt);
  const expected = {
    in: countedOrZero(usage, names.input) + toolPrompt,
    out: countedOrZero(usage, names.output) + countedOrZero(usage, names.thoughts),
  };
  if (expected.in + expected.out !== usage[names.total]) throw new Error('A recorded total is not what it should be.');
  const heard = tokensOf(usage, names, ['AUDIO']);
  const seen = tokensOf(usage, names, ['IMAGE', 'DOCUMENT']);
  return {
    ...expected,
    quantities: {
      'in.toolPrompt': usage[names.toolPrompt] as number | undefined,
      'out.reasoning': usage[names.thoughts] as number | undefined,
      ...(usage['cacheTokensDetails'] === undefined
        ? { 'in.fresh.audio': heard, 'in.fresh.image': seen }
        : {
            'in.cacheRead.audio': tokensOf(usage, CACHED, ['AUDIO']),
            'in.cacheRead.text': tokensOf(usage, CACHED, ['TEXT']),
          }),
    },
  };
}

function tokensOf(usage: Counts, { split, entryCount }: Split, modalities: readonly string[]): number | undefined {
  const entries = ((usage[split] as readonly Counts[] | undefined) ?? []).filter(
    (entry) => modalities.includes(String(entry['modality']).toUpperCase()) && entry[entryCount] !== undefined,
  );
  return entries.length === 0 ? undefined : entries.reduce((sum, entry) => sum + countedOrZero(entry, entryCount), 0);
}

const generateContent: Names = {
  input: 'promptTokenCount',
  output: 'candidatesTokenCount',
  thoughts: 'thoughtsTokenCount',
  toolPrompt: 'toolUsePromptTokenCount',
  total: 'totalTokenCount',
  split: 'promptTokensDetails',
  entryCount: 'tokenCount',
};

const interactions: Names = {
  input: 'total_input_tokens',
  output: 'total_output_tokens',
  thoughts: 'total_thought_tokens',
  toolPrompt: 'total_tool_use_tokens',
  total: 'total_tokens',
  split: 'input_tokens_by_modality',
  entryCount: 'tokens',
};

export const googleExpectations = {
  gemini: {
    totals: (usage) => totals(usage, generateContent),
    answerAround: (usage) => ({ usageMetadata: usage }),
  },
  'gemini-interactions': { totals: (usage) => totals(usage, interactions) },
} satisfies Record<string, Expectation>;
