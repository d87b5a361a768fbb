import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sourceOfUrl, urlOfSource } from './data-url.js';
import { InvalidBody } from './members.js';

describe('data: URLs', () => {
  it('give back the bytes they were made from', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('image/png', 'application/pdf', 'text/plain;charset=utf-8'),
        (bytes, mediaType) => {
          const source = { from: 'bytes', mediaType, base64: Buffer.from(bytes).toString('base64') } as const;
          expect(sourceOfUrl(urlOfSource(source), 'url')).toEqual(source);
        },
      ),
    );
  });

  it('may be percent-encoded, and say no media type', () => {
    expect(sourceOfUrl('data:,a%20b', 'url')).toEqual({
      from: 'bytes',
      mediaType: 'text/plain;charset=US-ASCII',
      base64: 'YSBi',
    });
    expect(sourceOfUrl('data:;charset=utf-8,x', 'url')).toMatchObject({ mediaType: 'text/plain;charset=utf-8' });
  });

  it('leave any other URL as it is', () => {
    expect(sourceOfUrl('https://example.com/a.png', 'url')).toEqual({ from: 'url', url: 'https://example.com/a.png' });
  });

  it.each(['data:image/png;base64', 'data:image/png;base64,a b', 'data:text/plain,%zz'])('refuse %s', (url) => {
    expect(() => sourceOfUrl(url, 'messages.0.content.0')).toThrow(InvalidBody);
  });
});
