import { describe, expect, it } from '@jest/globals';
import { quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'openai', api: 'images' };

const usage = {
  input_tokens: 431,
  input_tokens_details: { image_tokens: 388, text_tokens: 43 },
  output_tokens: 1364,
  output_tokens_details: { image_tokens: 1056, text_tokens: 308 },
  total_tokens: 1795,
};
const expected = { 'in.fresh.text': 43, 'in.fresh.image': 388, 'out.text': 308, 'out.image': 1056 };

describe('usage of images', () => {
  it('is tokens of text and of images where tokens are told, and no image is counted beside them', () => {
    const read = readAnswer(source, { created: 1, data: [{ b64_json: 'AA' }], usage });
    expect(quantitiesOf(read)).toEqual(expected);
    expect(read).toMatchObject({ completeness: 'final', anomalies: [] });
  });

  it('takes output that is not split for images', () => {
    const { output_tokens_details: _, ...unsplit } = usage;
    expect(quantitiesOf(readAnswer(source, { data: [{}], usage: unsplit }))).toEqual({
      'in.fresh.text': 43,
      'in.fresh.image': 388,
      'out.image': 1364,
    });
  });

  it('comes with the last event of a stream', () => {
    const partial = { type: 'image_generation.partial_image', partial_image_index: 0, b64_json: 'AA' };
    const read = readStream(source, partial, { type: 'image_generation.completed', b64_json: 'AA', usage });
    expect(quantitiesOf(read)).toEqual(expected);
    expect(read.completeness).toBe('final');
    expect(readStream(source, partial).completeness).toBe('missing');
  });

  it('is the number of images where there is no other: DALL·E, and Imagen without what it filtered out', () => {
    const dalle = readAnswer(source, { created: 1, data: [{ b64_json: 'AA' }, { url: 'https://example.org' }] });
    expect(quantitiesOf(dalle)).toEqual({ 'units.images': 2 });
    expect(dalle).toMatchObject({ completeness: 'final', segments: [] });
    const predictions = [{ bytesBase64Encoded: 'AA' }, { raiFilteredReason: 'Unsafe.' }];
    expect(quantitiesOf(readAnswer(source, { predictions }))).toEqual({ 'units.images': 1 });
    expect(readAnswer(source, { error: { message: 'No.' } }).completeness).toBe('missing');
  });

  it('counts the images beside tokens that are zero', () => {
    const zeros = { input_tokens: 0, output_tokens: 0, total_tokens: 0 };
    expect(quantitiesOf(readAnswer(source, { data: [{}], usage: zeros }))).toEqual({
      'in.fresh.text': 0,
      'out.image': 0,
      'units.images': 1,
    });
  });

  it("keeps xAI's own charge", () => {
    const read = readAnswer(source, { data: [{}], usage: { cost_in_usd_ticks: 200_000_000 } });
    expect(read).toMatchObject({
      providerCost: { amount: '0.02', currency: 'USD' },
      units: { images: 1 },
      completeness: 'final',
    });
  });
});
