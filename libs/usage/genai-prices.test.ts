import { describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Compared, type Extraction, extractionsIn } from './recordings/genai-prices.js';
import { differences } from './recordings/genai-prices-differences.js';
import { usageReader } from './usage-reader.js';
import { inputTokens, outputTokens, segmentQuantities } from './usage.js';

// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const path = join(recordings, 'genai-prices/usages.json');
const page = join(process.cwd(), 'docs/usage-differences.md');

function read({ provider, api, body }: Extraction): Compared {
  const reader = usageReader({ provider, api }, 'json');
  reader.push(Buffer.from(JSON.stringify(body)));
  const { segments } = reader.end();
  const sum = (dimension: RegExp) =>
    segments
      .flatMap(segmentQuantities)
      .filter((one) => dimension.test(one.dimension))
      .reduce((total, { quantity }) => total + quantity, 0);
  return {
    input: segments.reduce((total, segment) => total + inputTokens(segment), 0),
    output: segments.reduce((total, segment) => total + outputTokens(segment), 0),
    cacheRead: sum(/^in\.cacheRead\./),
    cacheWrite: sum(/^in\.cacheWrite\./),
    inputAudio: sum(/^in\..*\.audio$/),
    outputAudio: sum(/^out\.audio$/),
    reasoning: sum(/^out\.reasoning$/),
  };
}

/** The library leaves out what is zero. */
function theirs({ extracted }: Extraction): Compared {
  const tokens = (name: string) => extracted[`${name}_tokens`] ?? 0;
  return {
    input: tokens('input'),
    output: tokens('output'),
    cacheRead: tokens('cache_read'),
    cacheWrite: tokens('cache_write'),
    inputAudio: tokens('input_audio'),
    outputAudio: tokens('output_audio'),
    reasoning: tokens('output_reasoning'),
  };
}

interface Found {
  readonly extraction: Extraction;
  readonly reasons: readonly string[];
}

/** Each quantity that differs, with the first reason for it that is known. */
function compare(extraction: Extraction): Found {
  const [own, library] = [read(extraction), theirs(extraction)];
  const names = (Object.keys(own) as (keyof Compared)[]).filter((name) => own[name] !== library[name]);
  const reasons = names.map((name) => {
    const known = differences.find(({ explains }) => explains({ extraction, name, own, library }));
    return known?.reason ?? `unexplained ${name}: ours is ${own[name]}, theirs ${library[name]}`;
  });
  return { extraction, reasons };
}

interface Row {
  readonly reason: string;
  readonly count: number;
  readonly example: string;
}

const rowsOf = (text: string): Row[] =>
  [...text.matchAll(/^\| ([\w -]+) \| (\d+) \|.*\| `([^`|]+)` \|$/gm)].map(([, reason, count, example]) => ({
    reason: reason!,
    count: Number(count),
    example: example!,
  }));

const found = existsSync(path);

describe(`usage as genai-prices extracts it${found ? '' : ' (not here: set TOLLGATE_RECORDINGS)'}`, () => {
  const bodies = found ? (JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof extractionsIn>[0]) : [];
  const extractions = extractionsIn(bodies);
  const compared = extractions.map(compare);

  it('is what we read, but for reasons that are known', () => {
    const unknown = compared.flatMap(({ extraction: { file, provider, flavor }, reasons }) =>
      reasons
        .filter((reason) => reason.startsWith('unexplained'))
        .map((why) => `${provider} ${flavor} ${file}: ${why}`),
    );
    expect(unknown).toEqual([]);
  });

  it('differs as often, and there, as docs/usage-differences.md says', () => {
    const listed = rowsOf(readFileSync(page, 'utf8'));
    expect(listed.map(({ reason }) => reason)).toEqual(differences.map(({ reason }) => reason));
    // The page counts one edition of that data: of another it says the reasons only.
    if (!readFileSync(page, 'utf8').includes(`${bodies.length} recorded bodies`)) return;
    const actual = listed.map(({ reason, example }): Row => {
      const having = compared.filter(({ reasons }) => reasons.includes(reason));
      const isThere = having.some(({ extraction }) => extraction.file === example);
      return { reason, count: having.length, example: isThere ? example : `such as ${having[0]?.extraction.file}` };
    });
    expect(actual).toEqual(listed);
  });
});
