import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Frame } from '#framing/frame.js';
import { JsonLinesParser } from '#framing/json-lines.js';
import { anyCuts, split } from './splits.fixture.js';

function parse(chunks: readonly Uint8Array[], maxEventBytes?: number): Frame[] {
  const frames: Frame[] = [];
  const parser = new JsonLinesParser((frame) => frames.push(frame), maxEventBytes);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return frames;
}
const dataOf = (frames: readonly Frame[]) => frames.flatMap(({ data }) => (data === undefined ? [] : [String(data)]));

describe('JSON lines', () => {
  it.each([
    ['LF', '{"a":1}\n{"b":2}\n'],
    ['CRLF', '{"a":1}\r\n{"b":2}\r\n'],
    ['no last newline', '{"a":1}\n{"b":2}'],
    ['blank lines', '\n{"a":1}\n\r\n\n{"b":2}\n\n'],
  ])('are read with %s', (_, text) => {
    expect(dataOf(parse([Buffer.from(text)]))).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('are the same however they are split, and passed on whole', () => {
    const text = fc.array(fc.constantFrom('{"é":1}', '\n', '\r\n', '\r', 'x'.repeat(20)), { maxLength: 20 });
    fc.assert(
      fc.property(text, anyCuts, (parts, cuts) => {
        const bytes = Buffer.from(parts.join(''));
        const frames = parse(split(bytes, cuts), 16);
        expect(dataOf(frames)).toEqual(dataOf(parse([bytes], 16)));
        expect(Buffer.concat(frames.map(({ raw }) => raw))).toEqual(bytes);
      }),
    );
  });

  it('that are too long are passed on unread, and the next one is read', () => {
    const frames = parse(split(Buffer.from(`${'x'.repeat(99)}\n{}\n`), [30, 60, 90]), 16);
    expect(dataOf(frames)).toEqual(['{}']);
    expect(frames[0]?.flaw).toBe('An event is longer than can be read.');
  });
});
