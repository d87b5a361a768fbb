import { describe, expect, it } from '@jest/globals';
import { imageSize } from './image-size.js';
import { anthropicImage, geminiImage, openaiImage } from './image-tokens.js';

const base64 = (hex: string) => Buffer.from(hex.replaceAll(' ', '').padEnd(80, '0'), 'hex').toString('base64');

describe('the size of an image', () => {
  it.each([
    ['PNG', '89504e47 0d0a1a0a 0000000d 49484452 00000400 00000300'],
    ['GIF', '474946383961 0004 0003'],
    ['JPEG behind its metadata', 'ffd8 ffe1 0006 aabbccdd ffc2 0011 08 0300 0400'],
    ['lossy WebP', '52494646 00000000 57454250 56503820 00000000 000000 9d012a 0004 0003'],
    ['lossless WebP', '52494646 00000000 57454250 5650384c 00000000 2f ffc3bf00'],
    ['extended WebP', '52494646 00000000 57454250 56503858 0a000000 00000000 ff0300 ff0200'],
  ])('is read from a %s', (_name, hex) => {
    expect(imageSize(base64(hex))).toEqual({ width: 1024, height: 768 });
    expect(imageSize(`data:image/x;base64,${base64(hex)}`)).toEqual({ width: 1024, height: 768 });
  });

  it('is unknown for a URL, for other data and for a cut header', () => {
    for (const source of ['https://example.com/a.png', 'iVBORw0KGgo=', base64('00'), 7, base64('ffd8 ffe1 ffff')]) {
      expect(imageSize(source)).toBeUndefined();
    }
  });
});

// The examples of the providers' own documentation.
describe('the tokens of an image', () => {
  it('follow the tiles of OpenAI', () => {
    expect(openaiImage('gpt-4o', 'high')?.({ width: 1024, height: 1024 })).toBe(765);
    expect(openaiImage('gpt-4o', undefined)?.({ width: 2048, height: 4096 })).toBe(1105);
    expect(openaiImage('gpt-4o', 'low')?.({ width: 4096, height: 8192 })).toBe(85);
    expect(openaiImage('gpt-4.1-mini', 'high')).toBeUndefined();
  });

  it('follow the area at Anthropic', () => {
    const image = anthropicImage('claude-sonnet-4-5');
    expect(image({ width: 1000, height: 1000 })).toBe(1334);
    expect(image({ width: 200, height: 200 })).toBe(54);
    expect(image({ width: 8000, height: 8000 })).toBe(1600);
    expect(anthropicImage('claude-opus-4-7')({ width: 8000, height: 8000 })).toBe(4784);
  });

  it('follow the tiles of Gemini', () => {
    expect(geminiImage('gemini-2.5-flash')({ width: 384, height: 384 })).toBe(258);
    expect(geminiImage('gemini-2.5-flash')({ width: 960, height: 540 })).toBe(6 * 258);
  });
});
