import { expect, it } from '@jest/globals';
import { priceVersionAt } from './price-version-at.js';

const books = [
  { version: 'may', publishedAt: '2026-05-01T00:00:00.000Z' },
  { version: 'july', publishedAt: '2026-07-01T00:00:00.000Z' },
  { version: 'june', publishedAt: '2026-06-01T00:00:00.000Z' },
];

// Fault 36: yesterday's usage at today's price.
it.each([
  ['2026-08-01T00:00:00.000Z', 'july'],
  ['2026-07-01T00:00:00.000Z', 'july'],
  ['2026-06-30T23:59:59.999Z', 'june'],
  ['2026-05-01T00:00:00.000Z', 'may'],
  ['2020-01-01T00:00:00.000Z', 'may'],
])('usage of %s is priced from %s', (time, version) => {
  expect(priceVersionAt(time, 'july', books)).toBe(version);
});

it('a book that was rolled back is not the current one any more', () => {
  expect(priceVersionAt('2026-08-01T00:00:00.000Z', 'june', books)).toBe('june');
  expect(priceVersionAt('2026-05-15T00:00:00.000Z', 'june', books)).toBe('may');
});
