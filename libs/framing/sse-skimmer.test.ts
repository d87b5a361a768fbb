import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Frame } from '#framing/frame.js';
import { SseParser } from '#framing/sse.js';
import { SseSkimmer } from '#framing/sse-skimmer.js';
import { anyCuts, split } from './splits.fixture.js';

const marks = [Buffer.from('kens'), Buffer.from('R')];

function skim(chunks: readonly Uint8Array[], maxEventBytes?: number): Frame[] {
  const frames: Frame[] = [];
  const skimmer = new SseSkimmer((frame) => frames.push(frame), maxEventBytes);
  skimmer.marks = marks;
  for (const chunk of chunks) skimmer.push(chunk);
  skimmer.end();
  return frames;
}

function parse(bytes: Buffer, maxEventBytes?: number): Frame[] {
  const frames: Frame[] = [];
  const parser = new SseParser((frame) => frames.push(frame), maxEventBytes);
  parser.push(bytes);
  parser.end();
  return frames;
}

const bytesOf = (frames: readonly Frame[]) => Buffer.concat(frames.map(({ raw }) => raw)).toString('latin1');
const isMarked = ({ data }: Frame) => data !== undefined && marks.some((mark) => data.includes(mark));
const marked = (frames: readonly Frame[]) =>
  frames.filter(isMarked).map(({ type, data }) => ({ type, data: data?.toString('latin1') }));

const line = fc.oneof(
  fc
    .constantFrom('data: ', 'data:', 'event: ', ': ', 'id: ')
    .chain((name) =>
      fc.constantFrom('tokens', 'to', 'kens', 'R', '{"a":"tokens\\"x"}', 'x'.repeat(70), '').map((text) => name + text),
    ),
  fc.constantFrom('', '', '', '\ufeffdata: R'),
);
/** Streams of one line end, and such of all of them. */
const stream = fc
  .constantFrom(['\n'], ['\r\n'], ['\r'], ['\n', '\r\n', '\r'])
  .chain((ends) =>
    fc
      .array(fc.tuple(line, fc.constantFrom(...ends)), { maxLength: 40 })
      .map((lines) => Buffer.from(lines.map((parts) => parts.join('')).join(''))),
  );

describe('a skimmed stream', () => {
  it('gives the marked events as the parser does, for any bytes and any split', () => {
    fc.assert(
      fc.property(stream, anyCuts, (bytes, cuts) => {
        const frames = skim(split(bytes, cuts));
        expect(marked(frames)).toEqual(marked(parse(bytes)));
        expect(bytesOf(frames)).toBe(bytes.toString('latin1'));
      }),
      { numRuns: 1000 },
    );
  });

  it('gives overlong events up as the parser does', () => {
    fc.assert(
      fc.property(stream, anyCuts, (bytes, cuts) => {
        const [frames, expected] = [skim(split(bytes, cuts), 64), parse(bytes, 64)];
        expect(marked(frames)).toEqual(marked(expected));
        expect(frames.some(({ flaw }) => flaw)).toBe(expected.some(({ flaw }) => flaw));
        expect(bytesOf(frames)).toBe(bytes.toString('latin1'));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['\n', '\r\n'])('does not look at events without a mark (%j)', (end) => {
    const quiet = `data: quiet${end}${end}`;
    const loud = `data: tokens${end}${end}`;
    const frames = skim([Buffer.from(quiet.repeat(9) + loud + quiet.repeat(9))]);
    expect(frames.map(({ raw, data }) => [raw.toString(), data?.toString()])).toEqual([
      [quiet, 'quiet'],
      [quiet.repeat(8), undefined],
      [loud, 'tokens'],
      [quiet.repeat(9), undefined],
    ]);
  });

  it('hands every event on in the chunk that ends it, however its lines end', () => {
    const seen: string[] = [];
    const skimmer = new SseSkimmer(({ raw }) => seen.push(raw.toString()));
    skimmer.marks = marks;
    const events = ['data: a\r\r', 'data: b\n\n', 'data: c\r\n\r\n', 'data: d\n\r'];
    for (const event of events) skimmer.push(Buffer.from(event));
    expect(seen).toEqual(events);
  });
});
