import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rating } from '#contracts/charge.js';
import type { PriceBook } from '#contracts/price-book.js';
import { MAX_PICO, parseAmount } from '#money/pico.js';
import type { Usage, UsageSegment } from '#usage/usage.js';
import { compilePriceBook } from './compile-price-book.js';
import { type Attempt, rateUsage } from './rate-usage.js';
import { totalQuantity } from './total-quantity.js';
import { writeRating } from './write-rating.js';

const perToken = {
  'in.fresh.text': '0.000001',
  'in.cacheRead.text': '0.0000001',
  'in.cacheWrite.ttl5m': '0.00000125',
  'in.cacheWrite.ttl1h': '0.000002',
  'out.text': '0.000005',
  'out.reasoning': '0.000005',
  'units.webSearch': '0.01',
};
const doubled = { ...perToken, 'in.fresh.text': '0.000002', 'out.text': '0.00001' };
const tariff = { provider: 'p', currency: 'USD', source: 'https://example.com', checkedOn: '2026-01-01' };
const priceBook: PriceBook = {
  version: '2026-01-01-00000000',
  publishedAt: '2026-01-01T00:00:00.000Z',
  tariffs: [
    {
      ...tariff,
      models: ['large', 'large-2026'],
      rates: [
        { tier: 'standard', aboveInputTokens: 0, unitPrices: perToken },
        { tier: 'standard', aboveInputTokens: 1000, unitPrices: doubled },
        { tier: 'batch', aboveInputTokens: 0, unitPrices: { 'in.fresh.text': '0.0000005', 'out.text': '0.0000025' } },
      ],
    },
    {
      ...tariff,
      models: ['small'],
      rates: [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'out.text': '0.000000000001' } }],
    },
    {
      ...tariff,
      models: ['european'],
      currency: 'EUR',
      rates: [{ tier: 'standard', aboveInputTokens: 0, unitPrices: { 'out.text': '1' } }],
    },
  ],
};
const book = compilePriceBook(priceBook);

const segment = (parts: Partial<UsageSegment>): UsageSegment => ({ kind: 'main', in: {}, out: {}, ...parts });
function attempt(usage: Partial<Usage>, outcome: Attempt['outcome'] = 'completed'): Attempt {
  return {
    outcome,
    priceVersion: book.version,
    usage: {
      provider: 'p',
      api: 'test',
      servedModel: 'large',
      segments: [],
      completeness: 'final',
      anomalies: [],
      ...usage,
    },
  };
}
const rate = (usage: Partial<Usage>, outcome?: Attempt['outcome']) => rateUsage(attempt(usage, outcome), book);
const reasonOf = (rated: ReturnType<typeof rate>) => (rated.status === 'charged' ? rated.amount : rated.reason.code);

describe('a charge', () => {
  it('is the sum of quantity × unit price over every dimension', () => {
    const rated = rate({
      segments: [
        segment({
          in: { fresh: { text: 3 }, cacheRead: { text: 10 }, cacheWrite: { ttl5m: 4, ttl1h: 5 } },
          out: { text: 7, reasoning: 2 },
        }),
      ],
      units: { webSearch: 1 },
    });
    expect(rated).toMatchObject({ status: 'charged', currency: 'USD', amount: parseAmount('0.010064') });
  });

  it('prices each segment at its own model', () => {
    const rated = rate({ segments: [segment({ out: { text: 2 } }), segment({ model: 'small', out: { text: 3 } })] });
    expect(reasonOf(rated)).toBe(parseAmount('0.000010000003'));
  });

  it('takes the served model, not the one asked for', () => {
    const segments = [segment({ out: { text: 1 } })];
    expect(reasonOf(rate({ requestedModel: 'unknown', servedModel: 'large-2026', segments }))).toBe(5_000_000n);
    expect(reasonOf(rate({ requestedModel: 'large', servedModel: 'unknown', segments }))).toBe('price_missing');
  });

  it('takes the whole segment to the long rate above the limit, and cached tokens count', () => {
    const long = (text: number) =>
      reasonOf(rate({ segments: [segment({ in: { fresh: { text }, cacheRead: { text: 400 } } })] }));
    expect(long(600)).toBe(parseAmount('0.00064'));
    expect(long(601)).toBe(parseAmount('0.001242'));
  });

  it('takes the served tier; batch wins', () => {
    const segments = [segment({ out: { text: 2 } })];
    expect(reasonOf(rate({ segments, modifiers: { batch: true, tierServed: 'default' } }))).toBe(5_000_000n);
    expect(reasonOf(rate({ segments, modifiers: { tierServed: 'priority' } }))).toBe('price_missing');
  });

  it('of an explicit zero is zero, and needs no price', () => {
    const rated = rate({ segments: [segment({ in: { fresh: { audio: 0 } }, out: { text: 0 } })] });
    expect(rated).toEqual({ status: 'charged', currency: 'USD', amount: 0n, cost: 0n, lines: [] });
  });

  it('is owed for a failed attempt whose usage is final: the provider billed it', () => {
    expect(reasonOf(rate({ segments: [segment({ out: { text: 1 } })] }, 'failed'))).toBe(5_000_000n);
  });

  it('travels as its contract says', () => {
    const rated = rate({ segments: [segment({ in: { fresh: { text: 1 } }, out: { text: 2 } })] });
    expect(rating.parse(writeRating(rated))).toEqual({
      status: 'charged',
      currency: 'USD',
      amount: '0.000011',
      cost: '0.000011',
      lines: [
        { model: 'large', dimension: 'in.fresh.text', quantity: 1, unitPrice: '0.000001', amount: '0.000001' },
        { model: 'large', dimension: 'out.text', quantity: 2, unitPrice: '0.000005', amount: '0.00001' },
      ],
    });
  });
});

describe('usage is suspended, never charged at 0,', () => {
  const some = [segment({ out: { text: 1 } })];
  it.each([
    ['with one unpriced dimension', { segments: [segment({ out: { text: 1, audio: 1 } })] }, 'dimension_unpriced'],
    ['with an unpriced unit', { segments: some, units: { codeExec: 1 } }, 'dimension_unpriced'],
    ['of another provider', { segments: some, provider: 'q' }, 'price_missing'],
    [
      'with models priced in two currencies',
      { segments: [...some, segment({ model: 'european', out: { text: 1 } })] },
      'price_missing',
    ],
    ['that is partial', { segments: some, completeness: 'partial' }, 'usage_partial'],
    ['that is estimated', { segments: some, completeness: 'estimated' }, 'usage_estimated'],
    ['that is missing', { completeness: 'missing' }, 'usage_missing'],
    ['that is final but empty', { segments: [segment({})] }, 'usage_missing'],
    [
      'beyond what can be held exactly',
      { segments: Array.from({ length: 2 }, () => segment({ out: { text: Number.MAX_SAFE_INTEGER } })) },
      'amount_out_of_range',
    ],
  ] as const)('%s', (_, usage, code) => {
    expect(reasonOf(rate(usage))).toBe(code);
  });

  it('when the attempt expired, whatever was counted', () => {
    expect(reasonOf(rate({ segments: some }, 'expired'))).toBe('usage_missing');
  });

  it('when nobody knows its price book', () => {
    expect(reasonOf(rateUsage(attempt({ segments: some }), undefined))).toBe('price_version_unknown');
  });
});

it.each<[string, Partial<Usage>, string]>([
  ['is voided', { units: { requests: 0 } }, 'nothing_used'],
  ['is suspended with one thing used', { units: { requests: 0, codeExec: 1 } }, 'price_missing'],
  [
    'is suspended with a model that used something',
    { segments: [segment({ out: { text: 1 } })], units: { requests: 0 } },
    'price_missing',
  ],
  ['is suspended while it is partial', { units: { requests: 0 }, completeness: 'partial' }, 'usage_partial'],
])('what used nothing of a model without a price %s', (_, usage, code) => {
  expect(reasonOf(rate({ servedModel: 'omni-moderation-latest', ...usage }))).toBe(code);
});

it('a failed attempt without usage is voided, also when its price book is unknown', () => {
  const failed = attempt({ completeness: 'missing' }, 'failed');
  expect(reasonOf(rateUsage(failed, book))).toBe('upstream_error');
  expect(reasonOf(rateUsage(failed, undefined))).toBe('upstream_error');
});

const quantity = fc.nat(1_000_000);
const priced: fc.Arbitrary<UsageSegment> = fc.record({
  kind: fc.constantFrom('main', 'advisor', 'compaction'),
  model: fc.constantFrom('large', 'large-2026'),
  in: fc.record(
    {
      fresh: fc.record({ text: quantity }, { requiredKeys: [] }),
      cacheRead: fc.record({ text: quantity }, { requiredKeys: [] }),
      cacheWrite: fc.record({ ttl5m: quantity, ttl1h: quantity }, { requiredKeys: [] }),
    },
    { requiredKeys: [] },
  ),
  out: fc.record({ text: quantity, reasoning: quantity }, { requiredKeys: ['text'] }),
});
const pricedSegments = fc.array(priced, { minLength: 1, maxLength: 8 });

function charged(segments: readonly UsageSegment[]) {
  const rated = rate({ segments });
  if (rated.status !== 'charged') throw new Error(`suspended: ${rated.reason.detail}`);
  return rated;
}

describe('for all priced usage', () => {
  it('the lines add up to the amount, and hold every unit of the usage once', () => {
    fc.assert(
      fc.property(pricedSegments, (segments) => {
        const { amount, lines } = charged(segments);
        expect(lines.reduce((sum, line) => sum + line.amount, 0n)).toBe(amount);
        expect(lines.reduce((sum, line) => sum + BigInt(line.quantity), 0n)).toBe(
          totalQuantity(attempt({ segments }).usage),
        );
        for (const line of lines) expect(BigInt(line.quantity) * line.unitPrice).toBe(line.amount);
      }),
    );
  });

  it('the amount is that of its segments alone, in any order', () => {
    fc.assert(
      fc.property(pricedSegments, (segments) => {
        const apart = segments.reduce((sum, one) => sum + charged([one]).amount, 0n);
        expect(charged(segments).amount).toBe(apart);
        expect(charged([...segments].reverse()).amount).toBe(apart);
      }),
    );
  });

  it('more of anything never costs less', () => {
    fc.assert(
      fc.property(pricedSegments, quantity, (segments, more) => {
        const [first, ...rest] = segments as [UsageSegment, ...UsageSegment[]];
        const text = (first.out.text ?? 0) + more;
        const input = (first.in.fresh?.text ?? 0) + more;
        const grown = { ...first, in: { ...first.in, fresh: { text: input } }, out: { ...first.out, text } };
        expect(charged([grown, ...rest]).amount).toBeGreaterThanOrEqual(charged(segments).amount);
      }),
    );
  });

  it('one unpriced quantity above zero suspends the whole', () => {
    fc.assert(
      fc.property(pricedSegments, fc.integer({ min: 1, max: 9 }), fc.nat(), (segments, video, at) => {
        const index = at % segments.length;
        const spoilt = segments.map((one, i) => (i === index ? { ...one, in: { ...one.in, fresh: { video } } } : one));
        expect(reasonOf(rate({ segments: spoilt }))).toBe('dimension_unpriced');
      }),
    );
  });

  it('a replay gives the same', () => {
    fc.assert(fc.property(pricedSegments, (segments) => expect(charged(segments)).toEqual(charged(segments))));
  });
});

it('an amount is never more than every engine holds exactly', () => {
  const rated = rate({ segments: [segment({ model: 'european', out: { text: 2e15 } })] });
  expect(reasonOf(rated)).toBe('amount_out_of_range');
  expect(reasonOf(rate({ segments: [segment({ model: 'european', out: { text: 1e15 } })] }))).toBe(MAX_PICO);
});
