import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { amount } from '#contracts/cloud-event.js';
import { parseAmount } from '#money/pico.js';
import { amountOf, providerCostIn } from './provider-cost.js';
import type { JsonObject } from './json.js';

function read(usage: JsonObject) {
  const codes: string[] = [];
  return { cost: providerCostIn(usage, (code) => codes.push(code)), codes };
}

describe('the cost that a provider states', () => {
  it.each([
    [4.25e-6, '0.00000425'],
    [4.25e-7, '0.000000425'],
    [1e-12, '0.000000000001'],
    [0, '0'],
    [12, '12'],
    [0.95, '0.95'],
    [120000.5, '120000.5'],
  ])('%d is %s', (cost, written) => {
    expect(read({ cost, is_byok: false })).toEqual({ cost: { amount: written, currency: 'USD' }, codes: [] });
  });

  it.each([
    [1, '0.0000000001'],
    [0, '0'],
    [1_721_250, '0.000172125'],
    [25_000_000_000, '2.5'],
  ])('%d ticks of xAI are %s USD', (ticks, written) => {
    expect(read({ cost_in_usd_ticks: ticks }).cost).toEqual({ amount: written, currency: 'USD' });
  });

  it("is the total of Perplexity's breakdown, in the currency that it names", () => {
    expect(read({ cost: { input_tokens_cost: 0.001, total_cost: 0.006 } }).cost).toEqual({
      amount: '0.006',
      currency: 'USD',
    });
    expect(read({ cost: { total_cost: 0.006, currency: 'EUR' } }).cost).toEqual({ amount: '0.006', currency: 'EUR' });
  });

  it('is named and left out where an amount cannot hold it', () => {
    for (const cost of [1e16, -1, '0.5', true])
      expect(read({ cost, cost_details: {} })).toEqual({ cost: undefined, codes: ['cost_invalid'] });
  });

  it('is rounded half to even where it has more decimals than an amount, and says so', () => {
    for (const [cost, amount] of [
      [0.0004970133333333333, '0.000497013333'],
      [0.0000000000025, '0.000000000002'],
      [1e-13, '0'],
    ])
      expect(read({ cost, cost_details: {} })).toEqual({ cost: { amount, currency: 'USD' }, codes: ['cost_rounded'] });
  });

  it('is absent where none is stated, or none whose currency is known', () => {
    for (const usage of [{}, { cost: null, is_byok: true }, { cost: 0.5 }, { cost: {} }])
      expect(read(usage)).toEqual({ cost: undefined, codes: [] });
  });

  it('is the very number, whatever its size', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), fc.nat({ max: 12 }), (digits, decimals) => {
        const stated = Number(`${digits}e-${decimals}`);
        const written = amountOf(stated, () => expect(stated).toBe('told exactly'))!;
        expect(amount.safeParse(written).success).toBe(true);
        expect(parseAmount(written)).toBe(BigInt(digits) * 10n ** BigInt(12 - decimals));
      }),
    );
  });
});

// eslint-disable-next-line no-restricted-properties -- a test's own switch, read nowhere else
const recordings = process.env['TOLLGATE_RECORDINGS'] ?? join(process.cwd(), '../shared/data');
const path = join(recordings, 'provider_stated_costs.jsonl');
const found = existsSync(path);

it(`every recorded stated cost is kept${found ? '' : ' (none here: set TOLLGATE_RECORDINGS)'}`, () => {
  const rows = found ? readFileSync(path, 'utf8').trim().split('\n') : [];
  for (const row of rows) {
    const { usage, provider_cost_usd: stated } = JSON.parse(row) as { usage: JsonObject; provider_cost_usd: number };
    const { cost, codes } = read(usage);
    // A float's noise beyond 12 decimals is no price: such a cost is rounded and said to be.
    const isTooFine = Math.abs(stated - Number(stated.toFixed(12))) > 0;
    expect({ stated, codes }).toEqual({ stated, codes: isTooFine ? ['cost_rounded'] : [] });
    expect(Number(cost?.amount)).toBeCloseTo(stated, isTooFine ? 11 : 15);
  }
});
