import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { usageRecord } from '#contracts/usage-event.js';
import { usageApis, type UsageApi } from './usage-api.js';
import { usageReader } from './usage-reader.js';
import { inputTokens, outputTokens, segmentQuantities, unitQuantities, type Usage } from './usage.js';
import { expectedTotals } from './recordings/expected-totals.js';
import type { Counts, Recording } from './recordings/recording.js';

// They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');

const readApis = usageApis.filter((api) => expectedTotals[api] !== undefined);

interface Row {
  readonly id: string;
  readonly file: string;
  readonly format: string;
  readonly provider: string;
  readonly api: UsageApi;
  readonly model: string | null;
  readonly usage: Counts | null;
  readonly response: unknown;
}

const textOf = (path: string) => readFileSync(join(recordings, path), 'utf8');
const lines = (path: string) => (existsSync(join(recordings, path)) ? textOf(path).trim().split('\n') : []);

/** An event per line, as some fixtures are kept, becomes the stream that it was. */
const framed = (path: string) =>
  Buffer.from(
    lines(path)
      .map((line) => `data: ${line}\n\n`)
      .join(''),
  );

function stream({ file, format, provider, api, model, usage }: Row): Recording {
  const bytes = () => readFileSync(join(recordings, file));
  return {
    name: file,
    ...{ provider, api, model, usage },
    format: format === 'aws-eventstream' ? 'eventstream' : 'sse',
    body: format.startsWith('json-lines') ? () => framed(file) : bytes,
  };
}

function answer(api: UsageApi, { id, provider, model, usage, response }: Row): Recording {
  const around = expectedTotals[api]?.answerAround ?? ((counts: Counts) => ({ usage: counts }));
  return {
    name: `json/${api}.jsonl ${id}`,
    ...{ provider, api, model, usage },
    format: 'json',
    body: () => Buffer.from(JSON.stringify(response ?? around(usage!))),
  };
}

function load(): Recording[] {
  const streams = (JSON.parse(textOf('index.json')) as Row[]).filter(({ api }) => readApis.includes(api)).map(stream);
  const answers = readApis.flatMap((api) =>
    lines(`json/${api}.jsonl`).map((line) => answer(api, JSON.parse(line) as Row)),
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

const quantitiesOf = (usage: Usage) => [...usage.segments.flatMap(segmentQuantities), ...unitQuantities(usage)];

/** What of the record is not what the recorded usage says; nothing when all of it is. */
function differences(recording: Recording, usage: Usage): string[] {
  const quantities = quantitiesOf(usage);
  const { usage: recorded } = recording;
  const hasUsage = recorded !== null && Object.keys(recorded).length > 0;
  const expected = hasUsage ? expectedTotals[recording.api]!.totals(recorded, recording) : undefined;
  if (expected === undefined) {
    return usage.completeness === 'missing' && quantities.length === 0 ? [] : ['told without usage'];
  }
  const sum = (wanted: string) =>
    quantities.filter(({ dimension }) => dimension === wanted).reduce((total, one) => total + one.quantity, 0);
  const { in: input, out: output, quantities: single = {} } = expected;
  const told = (dimension: string) => quantities.some((one) => one.dimension === dimension);
  const compared: [string, number | undefined, number | undefined][] = [
    ['Σ in', usage.segments.reduce((total, segment) => total + inputTokens(segment), 0), input],
    ['Σ out', usage.segments.reduce((total, segment) => total + outputTokens(segment), 0), output],
    ...Object.entries(single).map(([dimension, expected]): [string, number | undefined, number | undefined] => [
      dimension,
      told(dimension) ? sum(dimension) : undefined,
      expected,
    ]),
  ];
  return [
    ...compared
      .filter(([, read, expected]) => read !== expected)
      .map(([name, read, expected]) => `${name}: ${read}, not ${expected}`),
    ...quantities.filter(({ quantity }) => quantity < 0).map(({ dimension }) => `${dimension} is negative`),
    ...(usage.completeness === 'final' ? [] : [`is ${usage.completeness}`]),
  ];
}

const found = existsSync(join(recordings, 'index.json'));

describe(found ? 'recorded usage' : 'recorded usage (no recordings here: set TOLLGATE_RECORDINGS to read them)', () => {
  const all = found ? load() : [];

  it(`adds up to the provider's totals in ${all.length} recordings`, () => {
    const wrong = all.flatMap((recording) => {
      const usage = read(recording);
      expect(usageRecord.safeParse(usage).error).toBeUndefined();
      return differences(recording, usage).map(
        (difference) => `${recording.provider} ${recording.name}: ${difference}`,
      );
    });
    expect(wrong).toEqual([]);
  });

  it('is the same however the bytes are cut', () => {
    for (const recording of all.filter(({ format }) => format !== 'json')) {
      const whole = read(recording);
      // Byte by byte a long body takes seconds, and has no event that short ones have not.
      const cuts = recording.body().length > 16_384 ? [61, 1460] : [1, 7, 1460];
      for (const cut of cuts) expect(read(recording, cut)).toEqual(whole);
    }
  });

  it('is missing, without a segment and without a zero, where the answer holds none', () => {
    const negatives = found ? readdirSync(join(recordings, 'negatives')) : [];
    for (const file of negatives) {
      const [api, provider] = file.split('__') as [UsageApi, string];
      if (!readApis.includes(api)) continue;
      const body = () => readFileSync(join(recordings, 'negatives', file));
      const usage = read({ name: file, provider, api, format: 'sse', model: null, usage: null, body });
      expect({ file, ...usage }).toMatchObject({ completeness: 'missing', segments: [] });
      expect(quantitiesOf(usage)).toEqual([]);
    }
  });
});
