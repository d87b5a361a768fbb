import { describe, expect, it } from '@jest/globals';
import type { PriceBook, Tariff } from '#contracts/price-book.js';
import { compilePriceBook, PriceBookError } from './compile-price-book.js';

const tariff = (over: Partial<Tariff>): Tariff => ({
  provider: 'p',
  models: ['m'],
  currency: 'USD',
  source: 'https://example.com',
  checkedOn: '2026-01-01',
  rates: [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'out.text': '1' } }],
  ...over,
});
const book = (...tariffs: Tariff[]): PriceBook => ({
  version: '2026-01-01-00000000',
  publishedAt: '2026-01-01T00:00:00.000Z',
  tariffs,
});

describe('a price book is refused', () => {
  it('when it prices a model twice', () => {
    expect(() => compilePriceBook(book(tariff({}), tariff({ models: ['other', 'm'] })))).toThrow('prices p m twice');
  });

  it('when a tariff has two rates for the same usage', () => {
    const [rate] = tariff({}).rates;
    expect(() => compilePriceBook(book(tariff({ rates: [rate!, rate!] })))).toThrow('two standard rates above 0');
  });

  it('when a price is negative', () => {
    const rates = [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'out.text': '-1' } }];
    expect(() => compilePriceBook(book(tariff({ rates })))).toThrow(PriceBookError);
  });
});

it('two providers may serve a model of the same name', () => {
  expect(compilePriceBook(book(tariff({}), tariff({ provider: 'q' }))).tariffs.size).toBe(2);
});
