import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCuts, byteByByte, split } from '#framing/splits.fixture.js';
import { smallBodies } from './bodies.fixture.js';
import { usageApis, type UsageApi, type UsageFormat } from './usage-api.js';
import { usageReader } from './usage-reader.js';
import type { Usage } from './usage.js';

function read(api: UsageApi, format: UsageFormat | undefined, chunks: readonly Uint8Array[]): Usage {
  const reader = usageReader({ provider: 'p', api }, format);
  for (const chunk of chunks) reader.push(chunk);
  return reader.end();
}

describe.each(smallBodies)('usage of $api as $format ($name)', ({ api, format, bytes }) => {
  const whole = read(api, format, [bytes]);

  it('is the same for every place where the bytes can be cut', () => {
    for (let at = 1; at < bytes.length; at += 1) {
      expect(read(api, format, [bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    expect(read(api, format, byteByByte(bytes))).toEqual(whole);
  });

  it('is the same for any split, in gzip too and in a format that is not given', () => {
    const zipped = gzipSync(bytes);
    const recognised = read(api, undefined, [bytes]);
    if (whole.completeness !== 'missing') expect(recognised).toEqual(whole);
    fc.assert(
      fc.property(anyCuts, (cuts) => {
        expect(read(api, format, split(bytes, cuts))).toEqual(whole);
        expect(read(api, format, split(zipped, cuts))).toEqual(whole);
        expect(read(api, undefined, split(bytes, cuts))).toEqual(recognised);
        expect(read(api, undefined, split(zipped, cuts))).toEqual(recognised);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a stream that is skimmed', () => {
  // Byte by byte every event is split, and so parsed: what is skimmed must say the same.
  const apis = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'] as const;
  const model = { openai: 'm', anthropic: { model: 'm' } };
  const events = [
    { model: 'm', modelVersion: 'm', type: 'message_start', message: model.anthropic, response: model.anthropic },
    { model: 'm2', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2 } },
    { usage: { prompt_tokens: 5, completion_tokens: 6 }, choices: [{ index: 0 }] },
    { choices: [{ delta: { content: ' tokens" "usage":{' } }], usage: null },
    { type: 'response.completed', response: { usage: { input_tokens: 3, output_tokens: 4 } } },
    { type: 'message_delta', usage: { output_tokens: 7 }, delta: { stop_reason: 'end_turn' } },
    { type: 'message_delta', usage: { output_tokens: 8 } },
    { usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 9 }, modelVersion: 'm3' },
    { usageMetadata: { promptTokenCount: 8, candidatesTokenCount: 3 } },
    { usageMetadata: { trafficType: 'ON_DEMAND' } },
    { candidates: [{ finishReason: 'STOP' }] },
    { candidates: [{ groundingMetadata: { webSearchQueries: ['TokenCount"'] } }] },
    { error: { type: 'overloaded' } },
    { filler: 'x'.repeat(9000) },
  ].map((event) => `data: ${JSON.stringify(event)}`);
  const line = fc.constantFrom(
    ...events,
    ...events,
    'data: [DONE]',
    'data: kens": not JSON',
    'event: error',
    'event: message_stop',
    ': "kens": TokenCount"',
    'data:',
    '',
    '',
  );
  const stream = fc
    .constantFrom(['\n\n'], ['\r\n\r\n'], ['\r\r'], ['\n', '\r', '\r\n', '\n\n', '\r\n\r\n', '\n\r\n'])
    .chain((ends) =>
      fc
        .array(fc.tuple(line, fc.constantFrom(...ends)), { maxLength: 25 })
        .map((parts) => Buffer.from(parts.map((part) => part.join('')).join(''))),
    );

  it('says what it says when every event is parsed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...apis), stream, anyCuts, (api, bytes, cuts) => {
        const parsed = read(api, 'sse', byteByByte(bytes));
        expect(read(api, 'sse', [bytes])).toEqual(parsed);
        expect(read(api, 'sse', split(bytes, cuts))).toEqual(parsed);
      }),
      { numRuns: 400 },
    );
  }, 120_000);
});

// They live outside the repository.
// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const index = join(recordings, 'index.json');

describe(
  existsSync(index) ? 'usage of a recording' : 'usage of a recording (none here: set TOLLGATE_RECORDINGS)',
  () => {
    const rows = existsSync(index)
      ? (JSON.parse(readFileSync(index, 'utf8')) as { file: string; api: UsageApi }[])
      : [];
    const known = rows.filter(({ api }) => usageApis.includes(api));

    it('is the same however its bytes are cut', () => {
      for (const { file, api } of known) {
        const bytes = readFileSync(join(recordings, file));
        const format = file.endsWith('.bin') ? 'eventstream' : file.endsWith('.txt') ? 'lines' : 'sse';
        const whole = read(api, format, [bytes]);
        for (const size of [1, 7, 1460]) {
          const cuts = Array.from({ length: Math.floor(bytes.length / size) }, (_, at) => at * size);
          expect({ file, usage: read(api, format, split(bytes, cuts)) }).toEqual({ file, usage: whole });
        }
        expect({ file, usage: read(api, format, [gzipSync(bytes)]) }).toEqual({ file, usage: whole });
      }
    }, 120_000);
  },
);
