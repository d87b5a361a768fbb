import {
  counted,
  countedOrZero,
  type Counts,
  type Expectation,
  type ExpectedTotals,
  type Recording,
  within,
} from './recording.js';

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

const toolUnits = {
  'units.fileSearch': 'file_search_call',
  'units.codeExec': 'code_interpreter_call',
  'units.images': 'image_generation_call',
};

/** The calls in the output of the answer, or of the last response of a stream. xAI counts them in its usage instead. */
function toolCalls({ body, format, provider }: Recording): Record<string, number | undefined> {
  if (provider === 'xai') return {};
  const messages = body()
    .toString()
    .split('\n')
    .map((line) => line.replace(/^data: /, ''));
  const last = format === 'json' ? body().toString() : messages.findLast((line) => line.includes('"usage":{'));
  const told = JSON.parse(last!) as { output?: Counts[]; response?: { output?: Counts[] } };
  const output = told.output ?? told.response?.output ?? [];
  const count = (type: string, isBilled: (item: Counts) => boolean = () => true) =>
    output.filter((item) => item['type'] === type && isBilled(item)).length || undefined;
  const isSearch = (item: Counts) => (within(item, 'action')?.['type'] ?? 'search') === 'search';
  return {
    ...Object.fromEntries(Object.entries(toolUnits).map(([unit, type]) => [unit, count(type)])),
    'units.webSearch': count('web_search_call', isSearch),
  };
}

function responsesTotals(usage: Counts, recording: Recording): ExpectedTotals {
  const input = within(usage, 'input_tokens_details');
  return {
    in: counted(usage, 'input_tokens'),
    out: counted(usage, 'output_tokens'),
    quantities: {
      ...toolCalls(recording),
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
