import { describe, expect, it } from '@jest/globals';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { type Conversion, convertAnswer, usageSource } from '#protocols/convert.js';
import { StreamConversion } from '#protocols/convert-stream.js';
import { Refusal } from '#protocols/error-body.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { usageReader } from '#usage/usage-reader.js';
import { streams } from './own-streams.js';
import { found, recordedAnswers, recordedStreams, type Recording } from './recordings.js';

type Format = 'sse' | 'json';

interface Totals {
  readonly input: number;
  readonly output: number;
}

/** What all models that worked on an answer took in and gave out. Unit: tokens. */
function totalsOf(body: Buffer, format: Format, conversion: Conversion): Totals {
  const reader = usageReader(usageSource(conversion), format);
  reader.push(body);
  const { segments } = reader.end();
  return {
    input: segments.reduce((sum, segment) => sum + inputTokens(segment), 0),
    output: segments.reduce((sum, segment) => sum + outputTokens(segment), 0),
  };
}

function convert(body: Buffer, format: Format, conversion: Conversion): Buffer {
  if (format === 'sse') {
    const stream = new StreamConversion(conversion);
    return Buffer.concat([stream.push(body), stream.end()]);
  }
  const converted = convertAnswer(body, conversion);
  if (converted instanceof Refusal) throw new Error(converted.message);
  return Buffer.from(JSON.stringify(converted.body));
}

/**
 * The recordings whose converted answer is billed otherwise than they are themselves. A stream that an error ends has no
 * place for usage behind it: it is billed by what the upstream told, and its client hears of the error.
 */
function billedOtherwise(recorded: readonly Recording[], from: ChatApi, format: Format): unknown[] {
  const ends = { id: 'an-id', now: 1_790_000_000, model: 'a-model' };
  return recorded.flatMap(({ name, provider, body }) =>
    chatApis.flatMap((to) => {
      if (to === from) return [];
      const conversion = { ...ends, from, to, provider };
      const original = totalsOf(body, format, conversion);
      // The converted answer is its protocol's own: it counts as that protocol's first provider does.
      const written = convert(body, format, conversion);
      const converted = totalsOf(written, format, { ...ends, from: to, to });
      const isSame = converted.input === original.input && converted.output === original.output;
      return isSame || written.includes('"error":{') ? [] : [{ name, to, original, converted }];
    }),
  );
}

describe.each(chatApis)('the usage of %s', (api) => {
  it('is the same in a converted stream', () => {
    const own = streams[api].map(({ name, body }) => ({ name, provider: 'any', body: Buffer.from(body) }));
    expect(billedOtherwise(own, api, 'sse')).toEqual([]);
  });

  const recorded = found ? 'recorded' : 'recorded (none here: set TOLLGATE_RECORDINGS)';
  it(`is the same in every ${recorded} stream and answer that was converted`, () => {
    expect(billedOtherwise(recordedStreams(api), api, 'sse')).toEqual([]);
    expect(billedOtherwise(recordedAnswers(api), api, 'json')).toEqual([]);
  });
});
