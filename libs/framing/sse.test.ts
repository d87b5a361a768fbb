import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Frame } from '#framing/frame.js';
import { SseParser } from '#framing/sse.js';
import { anyCuts, split } from './splits.fixture.js';

interface ReadEvent {
  readonly type?: string;
  readonly data: string;
}

function parse(chunks: readonly Uint8Array[], maxEventBytes?: number): { frames: Frame[]; events: ReadEvent[] } {
  const frames: Frame[] = [];
  const parser = new SseParser((frame) => frames.push(frame), maxEventBytes);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  const events = frames.flatMap(({ type, data }) =>
    data === undefined ? [] : [{ ...(type === undefined ? {} : { type }), data: data.toString() }],
  );
  return { frames, events };
}

const parseText = (text: string) => parse([Buffer.from(text)]).events;

describe('an event stream', () => {
  it.each([
    ['LF', 'data: a\n\ndata: b\n\n'],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n'],
    ['CR', 'data: a\r\rdata: b\r\r'],
    ['no last newline', 'data: a\n\ndata: b'],
    ['no last blank line', 'data: a\n\ndata: b\n'],
    ['no space after the colon', 'data:a\n\ndata:b\n\n'],
    ['comments and unknown fields', ': hi\ndata: a\nid: 7\nretry: 10\n\n: ping\n\nfoo: x\ndata: b\n\n'],
    ['a byte order mark', '\ufeffdata: a\n\ndata: b\n\n'],
  ])('is read with %s', (_name, text) => {
    expect(parseText(text)).toEqual([{ data: 'a' }, { data: 'b' }]);
  });

  it('joins the data lines of one event and keeps its type', () => {
    expect(parseText('event: delta\ndata: {"a":\ndata: 1}\n\ndata\n\nevent: x\n\ndata: b\n\n')).toEqual([
      { type: 'delta', data: '{"a":\n1}' },
      { data: '' },
      { data: 'b' },
    ]);
  });

  it('gives the same events however its bytes are split, and its frames are its bytes', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
      fc.constantFrom('event: é', ': note', 'data', 'data:', '', '', 'id: 1'),
    );
    const stream = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')), { maxLength: 30 })
      .map((lines) => Buffer.from(lines.map(([text, end]) => text + end).join('')));
    fc.assert(
      fc.property(stream, anyCuts, (bytes, cuts) => {
        const whole = parse([bytes]);
        const parts = parse(split(bytes, cuts));
        expect(parts.events).toEqual(whole.events);
        expect(Buffer.concat(parts.frames.map(({ raw }) => raw))).toEqual(bytes);
      }),
    );
  });

  it('passes an overlong event on unread, and reads the next one', () => {
    const bytes = Buffer.from(`data: ${'x'.repeat(500)}\ndata: more\n\ndata: b\n\n`);
    const { frames, events } = parse(split(bytes, [10, 90, 200, 300, 506, 507, 515]), 64);
    expect(events).toEqual([{ data: 'b' }]);
    expect(Buffer.concat(frames.map(({ raw }) => raw))).toEqual(bytes);
  });

  it('calls an event overlong by its lines alone, however they end and are split', () => {
    const lines = fc.array(fc.constantFrom('data: 123456', 'data: 1', ': note', '', ''), { maxLength: 12 });
    const ends = fc.infiniteStream(fc.constantFrom('\n', '\r\n', '\r'));
    fc.assert(
      fc.property(lines, ends, anyCuts, (texts, end, cuts) => {
        const bytes = Buffer.from(texts.map((text) => text + end.next().value).join(''));
        expect(parse(split(bytes, cuts), 20).events).toEqual(parse([bytes], 20).events);
      }),
    );
  });

  it('does not change a frame that it handed out', () => {
    const kept: Frame[] = [];
    const parser = new SseParser((frame) => kept.push(frame));
    const pool = Buffer.alloc(8);
    for (const part of ['data: on', 'e\n\ndata:', ' two\n\n']) parser.push(pool.subarray(0, pool.write(part)));
    expect(kept.map(({ data }) => data?.toString())).toEqual(['one', 'two']);
  });
});
