import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { awsChunk, awsEvent, awsMessage } from '#framing/aws-event-stream.fixture.js';
import { MAX_EVENT_BYTES } from '#framing/frame.js';
import type { UsageApi, UsageFormat } from './usage-api.js';
import { MAX_ANSWER_BYTES, usageReader } from './usage-reader.js';
import type { Usage } from './usage.js';

function read(api: UsageApi, format: UsageFormat, ...bodies: readonly (Buffer | string)[]): Usage {
  const reader = usageReader({ provider: 'p', api }, format);
  for (const body of bodies) reader.push(Buffer.from(body));
  return reader.end();
}
const codes = ({ anomalies }: Usage) => anomalies.map(({ code }) => code);
const start = { type: 'message_start', message: { model: 'claude', usage: { input_tokens: 3, output_tokens: 1 } } };
const delta = { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } };
const metadata = { usage: { inputTokens: 13, outputTokens: 85, totalTokens: 98 } };
const chunk = (rest: object) => `data: ${JSON.stringify({ model: 'm', choices: [], ...rest })}\n\n`;
const counts = { prompt_tokens: 1, completion_tokens: 2 };

describe('an AWS event stream', () => {
  it('carries the events of Anthropic', () => {
    const usage = read('anthropic-messages', 'eventstream', awsChunk(start), awsChunk(delta));
    expect(usage).toMatchObject({
      servedModel: 'claude',
      segments: [{ in: { fresh: { text: 3 } }, out: { text: 7 } }],
      completeness: 'final',
      anomalies: [],
    });
  });

  it('names the exception that ended it', () => {
    const headers = { ':message-type': 'exception', ':exception-type': 'throttlingException' };
    const usage = read(
      'bedrock-converse',
      'eventstream',
      awsEvent('messageStart', {}),
      awsMessage(headers, { message: 'x' }),
    );
    expect(usage.anomalies).toEqual([{ code: 'stream_error', detail: 'The upstream reported throttlingException.' }]);
    expect(usage.completeness).toBe('missing');
  });

  it('keeps what it told before a broken message, and says that one is broken', () => {
    const broken = awsEvent('metadata', metadata);
    broken[broken.length - 1]! ^= 1;
    expect(codes(read('bedrock-converse', 'eventstream', awsEvent('messageStart', {}), broken))).toEqual([
      'unreadable',
    ]);
    const usage = read('bedrock-converse', 'eventstream', awsEvent('metadata', metadata), broken);
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [{ code: 'unreadable' }] });
  });
});

describe('a gzip body', () => {
  const body = chunk({ usage: counts });

  it('is no final usage when its checksum is wrong', () => {
    const zipped = gzipSync(body);
    zipped[zipped.length - 5]! ^= 1;
    expect(read('openai-chat', 'sse', zipped)).toMatchObject({
      segments: [{ out: { text: 2 } }],
      completeness: 'partial',
      anomalies: [{ code: 'compression_invalid' }],
    });
  });
});

describe('a stream', () => {
  it('tells its model within the first events, and not only in the very first', () => {
    expect(read('openai-chat', 'sse', 'data: {"model":""}\n\n', chunk({}), chunk({})).servedModel).toBe('m');
  });

  it('is over when its last event says so, although the usage came before', () => {
    const running = chunk({ choices: [{ index: 0 }], usage: counts });
    expect(read('openai-chat', 'sse', running).completeness).toBe('partial');
    expect(read('openai-chat', 'sse', running, chunk({}), 'data: [DONE]\n\n').completeness).toBe('final');
  });

  it('says that an event was too long to be read', () => {
    const long = `data: ${'x'.repeat(MAX_EVENT_BYTES)}\n\n`;
    const usage = read('openai-chat', 'sse', chunk({}), long, chunk({ usage: counts }));
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [{ code: 'unreadable' }] });
  });
});

describe('a body of another format', () => {
  it.each<[UsageFormat, string]>([
    ['sse', '<html>502 Bad Gateway</html>'],
    ['sse', ': nothing but comments\n\n'],
    ['json', '<html>'],
    ['json', '[1,2]'],
    ['lines', 'data: {}\n\n'],
    ['eventstream', '{"error":{}}'],
  ])('is said to hold nothing that can be read as %s', (format, text) => {
    const usage = read('openai-chat', format, text);
    expect(codes(usage)).toContain('nothing_read');
    expect(usage.completeness).toBe('missing');
  });

  it('is another thing than an answer without usage', () => {
    expect(codes(read('openai-chat', 'sse', 'data: [DONE]\n\n'))).toEqual([]);
    expect(codes(read('openai-chat', 'json', '{}'))).toEqual([]);
  });
});

describe('what a reader keeps', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  // A collection gives buffers back beside the program; the next one waits for that. A growing event needs room for twice its bytes.
  const heldBytes = () => {
    collectGarbage();
    collectGarbage();
    return process.memoryUsage().arrayBuffers;
  };
  const megabyte = 1024 * 1024;

  it.each<[string, UsageFormat, string, number]>([
    ['an event without an end', 'sse', 'x', 4 * MAX_EVENT_BYTES],
    ['events', 'sse', `${'x'.repeat(999)}\n\n`, 8 * megabyte],
    ['a line without an end', 'lines', 'x', 4 * MAX_EVENT_BYTES],
    ['a message whose length is too large', 'eventstream', 'x', 8 * megabyte],
    ['an answer without an end', 'json', 'x', MAX_ANSWER_BYTES + 8 * megabyte],
  ])('of %s (%s) is bounded', (_, format, text, bound) => {
    const reader = usageReader({ provider: 'p', api: 'openai-chat' }, format);
    const before = heldBytes();
    let most = 0;
    for (let i = 0; i < 1200; i += 1) {
      reader.push(Buffer.alloc(64 * 1024, text));
      if (i % 50 === 0) most = Math.max(most, heldBytes() - before);
    }
    expect(most).toBeLessThan(bound);
    reader.end();
  });

  it('of a bomb is bounded', () => {
    const bomb = gzipSync(Buffer.alloc(96 * megabyte, 'x'));
    const reader = usageReader({ provider: 'p', api: 'openai-chat' }, 'json');
    const before = heldBytes();
    reader.push(bomb);
    expect(heldBytes() - before).toBeLessThan(8 * megabyte);
    expect(codes(reader.end())).toEqual(['answer_too_large']);
  });
});
