import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AwsEventStreamParser } from '#framing/aws-event-stream.js';
import type { Frame } from '#framing/frame.js';
import { awsChunk, awsEvent, awsMessage } from './aws-event-stream.fixture.js';
import { anyCuts, byteByByte, split } from './splits.fixture.js';

function parse(chunks: readonly Uint8Array[], maxMessageBytes?: number): Frame[] {
  const frames: Frame[] = [];
  const parser = new AwsEventStreamParser((frame) => frames.push(frame), maxMessageBytes);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return frames;
}
const read = (frames: readonly Frame[]) =>
  frames.flatMap(({ raw: _, data, ...rest }) => (data === undefined ? [] : [{ ...rest, data: data.toString() }]));
const flaws = (frames: readonly Frame[]) => frames.flatMap(({ flaw }) => (flaw === undefined ? [] : [flaw]));

const messages = [
  awsEvent('messageStart', { role: 'assistant' }),
  awsEvent('metadata', { usage: { inputTokens: 1 } }),
  awsMessage({ ':message-type': 'exception', ':exception-type': 'throttlingException' }, { message: 'slow' }),
  awsMessage({ ':message-type': 'error', ':error-code': 'InternalError' }, ''),
];
const expected = [
  { type: 'messageStart', data: '{"role":"assistant"}' },
  { type: 'metadata', data: '{"usage":{"inputTokens":1}}' },
  { type: 'throttlingException', error: 'throttlingException', data: '{"message":"slow"}' },
  { error: 'InternalError', data: '' },
];

describe('an AWS event stream', () => {
  it('is read message by message, however it is split', () => {
    const bytes = Buffer.concat(messages);
    expect(read(parse([bytes]))).toEqual(expected);
    expect(read(parse(byteByByte(bytes)))).toEqual(expected);
  });

  it('gives the events that a model invocation wraps', () => {
    expect(read(parse([awsChunk({ type: 'message_start' })]))).toEqual([
      { type: 'chunk', data: '{"type":"message_start"}' },
    ]);
    expect(read(parse([awsEvent('chunk', { other: 1 })]))).toEqual([{ type: 'chunk', data: '{"other":1}' }]);
  });

  it.each([
    ['the length', 1],
    ['the first checksum', 9],
    ['a header', 14],
    ['the payload', 70],
    ['the last checksum', messages[0]!.length - 1],
  ])('is unread behind a message in which %s is broken', (_, at) => {
    const broken = Buffer.from(messages[0]!);
    broken[at]! ^= 0x40;
    const frames = parse([messages[1]!, broken, messages[1]!]);
    expect(read(frames)).toEqual([expected[1]]);
    expect(flaws(frames)).toHaveLength(1);
  });

  it('states its length within bounds', () => {
    expect(flaws(parse([Buffer.from('HTTP/1.1 200 OK')]))).toHaveLength(1);
    expect(flaws(parse([messages[0]!], 64))).toHaveLength(1);
    expect(flaws(parse([Buffer.alloc(20)]))).toHaveLength(1);
  });

  it('never throws, is the same for any split, and is passed on whole, whatever its bytes', () => {
    const part = fc.oneof(
      fc.constantFrom(...messages),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    );
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 2 });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), flips, anyCuts, (parts, flipped, cuts) => {
        const bytes = Buffer.concat(parts);
        for (const [at, bits] of flipped) if (bytes.length > 0) bytes[at % bytes.length]! ^= bits;
        const [whole, frames] = [parse([bytes], 200), parse(split(bytes, cuts), 200)];
        expect(read(frames)).toEqual(read(whole));
        expect(flaws(frames)).toEqual(flaws(whole));
        expect(Buffer.concat(frames.map(({ raw }) => raw))).toEqual(bytes);
      }),
    );
  });
});
