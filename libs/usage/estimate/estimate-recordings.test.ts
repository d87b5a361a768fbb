import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '#usage/json.js';
import type { UsageApi, UsageFormat } from '#usage/usage-api.js';
import { READ_LATER } from './generated.js';
import { KeptBytes } from './kept-bytes.js';
import { countOutput } from './output-tokens.js';
import { PassedAnswer } from './passed-answer.js';
import { loadTokenizer } from './tokenizers.js';

// Real answers of real providers, which nobody here wrote. They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

interface Recording {
  readonly api: UsageApi;
  readonly provider: string;
  readonly model: string;
  readonly format: UsageFormat;
  readonly body: Buffer;
  /** Output tokens by the provider's word, reasoning left out where the answer does not show it. */
  readonly told: number | undefined;
  readonly toldReasoning: number;
}

interface Row {
  readonly api: UsageApi;
  readonly provider: string;
  readonly model: string | null;
  readonly url_path?: string;
  readonly request?: { readonly model?: string } | null;
  readonly usage: JsonObject | null;
  readonly file?: string;
  readonly response?: JsonObject | null;
}

const apis = new Set<string>([
  ...['openai-chat', 'openai-completions', 'openai-responses', 'anthropic-messages'],
  ...['gemini', 'bedrock-converse', 'cohere-chat'],
]);

const at = (object: unknown, ...names: string[]): unknown =>
  names.reduce((inner, name) => (inner as JsonObject | undefined | null)?.[name], object);
const firstCount = (...values: unknown[]) => values.find((value): value is number => typeof value === 'number');

function toRecording(row: Row, format: UsageFormat, body: Buffer): Recording {
  const { usage, api } = row;
  const told = firstCount(
    at(usage, 'billed_units', 'output_tokens'),
    ...['completion_tokens', 'output_tokens', 'outputTokens', 'candidatesTokenCount'].map((name) => at(usage, name)),
  );
  const reasoning = firstCount(
    at(usage, 'completion_tokens_details', 'reasoning_tokens'),
    at(usage, 'output_tokens_details', 'reasoning_tokens'),
    at(usage, 'output_tokens_details', 'thinking_tokens'),
    at(usage, 'reasoning_tokens'),
  );
  const model = row.model ?? row.request?.model ?? row.url_path ?? '';
  return { api, provider: row.provider, model, format, body, told, toldReasoning: reasoning ?? 0 };
}

function formatOf(file: string): UsageFormat {
  if (file.endsWith('.bin')) return 'eventstream';
  return file.endsWith('.txt') ? 'lines' : 'sse';
}

function load(): Recording[] {
  const streams = (JSON.parse(readFileSync(join(recordings, 'index.json'), 'utf8')) as Row[]).flatMap((row) =>
    row.file === undefined || !apis.has(row.api)
      ? []
      : [toRecording(row, formatOf(row.file), readFileSync(join(recordings, row.file)))],
  );
  const kept = [...apis].filter((api) => existsSync(join(recordings, 'json', `${api}.jsonl`)));
  const answers = kept.flatMap((api) =>
    readFileSync(join(recordings, 'json', `${api}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
      .flatMap((row) => (row.response ? [toRecording(row, 'json', Buffer.from(JSON.stringify(row.response)))] : [])),
  );
  return [...streams, ...answers];
}

interface Measured {
  readonly family: string;
  readonly told: number;
  readonly counted: number;
}

const familyNames = /gpt-oss|gpt-3|gpt-4|gpt-5|claude|gemini|deepseek|qwen|llama|mistral|glm|command|nova/;

/** undefined where the whole output cannot be seen: hidden reasoning, audio, images, or no usage to compare with. */
async function measure({ api, model, format, body, told, toldReasoning }: Recording): Promise<Measured | undefined> {
  const passed = new PassedAnswer({ api, format, budget: new KeptBytes(1e9), mostRawBytes: 1e9, mostTextBytes: 1e9 });
  passed.push(body);
  const answer = passed.end();
  const { text, reasoning } = countOutput(answer, await loadTokenizer(model));
  // Gemini tells its thoughts apart, so they need not be seen; elsewhere they may be a part of the count.
  const isVisible = answer.uncounted.every(
    (what) => what === READ_LATER || (api === 'gemini' && what.startsWith('thoughts')),
  );
  const counted = api === 'gemini' ? text : text + reasoning;
  const hidden = reasoning === 0 ? toldReasoning : 0;
  if (!isVisible || told === undefined || told - hidden < LEAST_TOKENS || counted === 0) return undefined;
  return { family: familyNames.exec(model.toLowerCase())?.[0] ?? 'other', told: told - hidden, counted };
}

/** Of fewer tokens one is already a tenth. */
const LEAST_TOKENS = 10;

const errorOf = ({ told, counted }: Measured) => Math.abs(counted - told) / told;

function quantile(errors: readonly number[], part: number): number {
  return errors.toSorted((a, b) => a - b)[Math.floor((errors.length - 1) * part)] ?? 0;
}

const found = existsSync(join(recordings, 'index.json'));

describe(found ? 'estimated output of recordings' : 'estimated output of recordings (none here)', () => {
  it('is near what the providers counted', async () => {
    const measured: Measured[] = [];
    const seen = new Set<string>();
    for (const recording of found ? load() : []) {
      const one = await measure(recording);
      const name = JSON.stringify([recording.model, one]);
      // The same answer was often recorded several times.
      if (one === undefined || seen.has(name)) continue;
      seen.add(name);
      measured.push(one);
    }
    const table = [...new Set(measured.map(({ family }) => family))].map((family) => {
      const some = measured.filter((one) => one.family === family);
      const errors = some.map(errorOf);
      const sum = (of: (one: Measured) => number) => some.reduce((total, one) => total + of(one), 0);
      const ratio = sum(({ counted }) => counted) / sum(({ told }) => told);
      return { family, n: some.length, median: quantile(errors, 0.5), p90: quantile(errors, 0.9), ratio };
    });
    const percent = (part: number) => `${(part * 100).toFixed(1)} %`;
    const shown = table.map(({ family, n, median, p90, ratio }) =>
      [family.padEnd(9), `n ${n}`, `median ${percent(median)}`, `p90 ${percent(p90)}`, `Σ ${percent(ratio)}`].join(
        '  ',
      ),
    );
    // The measurement that decision 6 quotes.
    if (found) console.log(shown.join('\n'));
    const errors = measured.map(errorOf);
    // Other recordings have another mix of families and lengths: what is measured here is half of this.
    expect(quantile(errors, 0.5)).toBeLessThanOrEqual(0.1);
    expect(quantile(errors, 0.9)).toBeLessThanOrEqual(0.5);
  });
});
