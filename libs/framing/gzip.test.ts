import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GzipStage } from '#framing/gzip.js';
import { anyCuts, byteByByte, split } from './splits.fixture.js';

function pass(chunks: readonly Uint8Array[]): { text: string; flaws: string[]; largest: number } {
  const parts: Uint8Array[] = [];
  const flaws: string[] = [];
  const stage = new GzipStage({ onBytes: (bytes) => parts.push(bytes), onFlaw: (flaw) => flaws.push(flaw) });
  for (const chunk of chunks) stage.push(chunk);
  stage.end();
  return { text: Buffer.concat(parts).toString(), flaws, largest: Math.max(0, ...parts.map(({ length }) => length)) };
}

const text = Array.from({ length: 2000 }, (_, index) => `data: {"é":${index * 7919}}\n\n`).join('');
const members = Buffer.concat([gzipSync(text), gzipSync('more'), gzipSync('')]);
const brokenOff = 'The gzip body broke off, or fails its checksum.';

describe('a gzip body', () => {
  it('is inflated, of several members too, however it is split', () => {
    const expected = { text: `${text}more`, flaws: [] };
    expect(pass([members])).toMatchObject(expected);
    expect(pass(byteByByte(members))).toMatchObject(expected);
    fc.assert(
      fc.property(anyCuts, (cuts) => expect(pass(split(members, cuts))).toMatchObject(expected)),
      {
        numRuns: 30,
      },
    );
  });

  it.each(['', '\x1f', 'data: x', '{"a":1}', '\0\0\0'])('is told from another by its first two bytes (%j)', (body) => {
    expect(pass(byteByByte(Buffer.from(body)))).toMatchObject({ text: body, flaws: [] });
  });

  it('gives what came when it breaks off, and says so', () => {
    const body = gzipSync(text);
    for (const length of [2, 9, 10, 11, 500, body.length - 9, body.length - 8, body.length - 1]) {
      const { text: came, flaws } = pass([body.subarray(0, length)]);
      expect(text.startsWith(came)).toBe(true);
      expect(flaws).toEqual([brokenOff]);
    }
    expect(pass([body.subarray(0, -8)]).text).toBe(text);
  });

  it('does not pass for right when a byte is wrong, and gives the same however it is split', () => {
    const body = gzipSync(text);
    fc.assert(
      fc.property(fc.integer({ min: 10, max: body.length - 1 }), anyCuts, (at, cuts) => {
        const broken = Buffer.from(body);
        broken[at]! ^= 0x10;
        const whole = pass([broken]);
        expect(whole.flaws).toHaveLength(1);
        const { text: came, flaws } = pass(split(broken, cuts));
        expect({ came, flaws }).toEqual({ came: whole.text, flaws: whole.flaws });
      }),
    );
  });

  it('is inflated piece by piece, so that a bomb does not fill the memory', () => {
    const { largest, flaws } = pass([gzipSync(Buffer.alloc(64 * 1024 * 1024))]);
    expect(largest).toBeLessThan(6 * 1024 * 1024);
    expect(flaws).toEqual([]);
  });

  it('leaves the errors of who takes its bytes alone', () => {
    const stage = new GzipStage({
      onBytes: () => {
        throw new Error('mine');
      },
      onFlaw: () => undefined,
    });
    stage.push(gzipSync('x'));
    expect(() => stage.end()).toThrow('mine');
  });
});
