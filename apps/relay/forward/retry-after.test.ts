import { describe, expect, it } from '@jest/globals';
import { readRetryAfter } from './retry-after.js';

describe('how long an upstream asks to be left alone', () => {
  const now = Date.parse('2026-07-01T12:00:00Z');
  it.each([
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': '0' }, 0],
    [{ 'retry-after': 'Wed, 01 Jul 2026 12:00:09 GMT' }, 9_000],
    [{ 'retry-after': 'Wed, 01 Jul 2026 11:00:00 GMT' }, 0],
    [{ 'retry-after': '3', 'retry-after-ms': '2500' }, 2_500],
    [{ 'retry-after': 'soon' }, undefined],
    [{}, undefined],
  ])('is read from %j', (headers, ms) => expect(readRetryAfter(headers, now)).toBe(ms));
});
