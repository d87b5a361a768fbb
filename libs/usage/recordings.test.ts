import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageRecord } from '#contracts/usage-event.js';
import type { Api } from '#protocols/api.js';
import { inputTokens, outputTokens, segmentQuantities, type Usage } from '#usage/usage.js';
import { usageReader } from '#usage/usage-reader.js';

// Real answers of real providers, which nobody here wrote. They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

interface Recording {
  readonly name: string;
  readonly provider: string;
  readonly api: Api;
  readonly format: 'sse' | 'json';
  readonly usage: Counts | null;
  readonly body: () => Buffer;
}
type Counts = Readonly<Record<string, number | undefined>> & {
  readonly iterations?: readonly Counts[];
  readonly prompt_tokens_details?: Counts | null;
  readonly completion_tokens_details?: Counts | null;
};

const apis: readonly Api[] = ['openai-chat', 'anthropic-messages'];

/** An event per line, as some fixtures are kept, becomes the stream that it was. */
function streamBody(path: string): Buffer {
  const bytes = readFileSync(path);
  if (!path.endsWith('.chunks.txt')) return bytes;
  return Buffer.from(
    bytes
      .toString()
      .trim()
      .split('\n')
      .map((line) => `data: ${line}\n\n`)
      .join(''),
  );
}

type Row = Omit<Recording, 'body' | 'format' | 'name'> & { file: string; id: string; response: unknown };

/** Of long bodies the usage alone was kept. */
const wholeAnswer = ({ response, usage }: Row) => response ?? { usage };

function load(): Recording[] {
  const streams = (JSON.parse(readFileSync(join(recordings, 'index.json'), 'utf8')) as Row[])
    .filter(({ api }) => apis.includes(api))
    .map((row): Recording => ({
      ...row,
      name: row.file,
      format: 'sse',
      body: () => streamBody(join(recordings, row.file)),
    }));
  const answers = apis.flatMap((api) =>
    readFileSync(join(recordings, 'json', `${api}.jsonl`), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
      .map((row): Recording => ({
        ...row,
        name: `json/${api}.jsonl ${row.id}`,
        format: 'json',
        body: () => Buffer.from(JSON.stringify(wholeAnswer(row))),
      })),
  );
  return [...streams, ...answers];
}

function read({ provider, api, format, body }: Recording, cutEvery = Infinity): Usage {
  const reader = usageReader({ provider, api }, format);
  const bytes = body();
  for (let at = 0; at < bytes.length; at += Math.min(cutEvery, bytes.length))
    reader.push(bytes.subarray(at, at + cutEvery));
  return reader.end();
}

/** The provider's totals by its own rule, computed here without the reader. */
function expectedTotals({ api, provider, usage }: Recording): { in: number; out: number } {
  const u = usage!;
  if (api === 'anthropic-messages') {
    const calls = u.iterations ?? [u];
    const sum = (names: string[]) =>
      calls.flatMap((call) => names.map((name) => call[name] ?? 0)).reduce((a, b) => a + b, 0);
    return {
      in: sum(['input_tokens', 'cache_read_input_tokens', 'cache_creation_input_tokens']),
      out: sum(['output_tokens']),
    };
  }
  const total = u['total_tokens']!;
  const outputs: Record<string, number> = { google: total - u['prompt_tokens']!, xai: total - u['prompt_tokens']! };
  return { in: u['prompt_tokens']!, out: outputs[provider] ?? u['completion_tokens']! };
}

const found = existsSync(join(recordings, 'index.json'));

describe(found ? 'recorded usage' : 'recorded usage (no recordings here: set TOLLGATE_RECORDINGS to read them)', () => {
  const all = found ? load() : [];

  it(`adds up to the provider's totals in ${all.length} recordings`, () => {
    const wrong = all.flatMap((recording) => {
      const usage = read(recording);
      expect(usageRecord.safeParse(usage).error).toBeUndefined();
      if (recording.usage === null)
        return usage.completeness === 'missing' && usage.segments.length === 0 ? [] : [recording.name];
      const totals = {
        in: usage.segments.reduce((sum, segment) => sum + inputTokens(segment), 0),
        out: usage.segments.reduce((sum, segment) => sum + outputTokens(segment), 0),
      };
      const expected = expectedTotals(recording);
      const positive = usage.segments.flatMap(segmentQuantities).every(({ quantity }) => quantity >= 0);
      const right =
        totals.in === expected.in && totals.out === expected.out && positive && usage.completeness === 'final';
      return right ? [] : [`${recording.name}: ${JSON.stringify({ totals, expected, usage })}`];
    });
    expect(wrong).toEqual([]);
  });

  it('keeps reasoning and cached tokens apart as they were told', () => {
    for (const recording of all.filter(({ api, usage }) => api === 'openai-chat' && usage !== null)) {
      const { usage } = recording;
      const { segments, anomalies } = read(recording);
      const [segment] = segments;
      if (anomalies.some(({ code }) => code === 'part_exceeds_whole')) continue;
      expect(segment?.out.reasoning).toBe(
        usage?.completion_tokens_details?.['reasoning_tokens'] ?? usage?.['reasoning_tokens'],
      );
      const cached = usage?.prompt_tokens_details?.['cached_tokens'];
      if (cached !== undefined) expect(segment?.in.cacheRead?.text).toBe(cached);
    }
  });

  it('is the same however the bytes are cut', () => {
    for (const recording of all.filter(({ format }) => format === 'sse')) {
      const whole = read(recording);
      for (const cut of [1, 7, 1460]) expect(read(recording, cut)).toEqual(whole);
    }
  });
});
