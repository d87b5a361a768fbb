import { describe, expect, it } from '@jest/globals';
import { anomalyCodes, quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'dashscope', api: 'dashscope', requestedModel: 'qwen-plus' };

const answer = (usage: object) => ({ output: { finish_reason: 'stop', text: 'Hi' }, usage, request_id: '1' });
const read = (usage: object) => quantitiesOf(readAnswer(source, answer(usage)));

describe('usage of DashScope', () => {
  it('has cached and cache-written tokens within its input, reasoning within its output', () => {
    const usage = readAnswer(
      source,
      answer({
        input_tokens: 100,
        output_tokens: 50,
        total_tokens: 150,
        output_tokens_details: { reasoning_tokens: 20 },
        prompt_tokens_details: {
          cached_tokens: 30,
          cache_creation: { ephemeral_5m_input_tokens: 10 },
          cache_creation_input_tokens: 10,
          cache_type: 'ephemeral',
        },
        plugins: { search: { count: 2, strategy: 'agent' } },
      }),
    );
    expect(quantitiesOf(usage)).toEqual({
      'in.fresh.text': 60,
      'in.cacheRead.text': 30,
      'in.cacheWrite.ttl5m': 10,
      'out.text': 30,
      'out.reasoning': 20,
      'units.webSearch': 2,
    });
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [] });
  });

  it('tells modalities in details, or beside the input in older models', () => {
    const expected = { 'in.fresh.text': 26, 'in.fresh.image': 1236, 'out.text': 5 };
    const counts = { input_tokens: 1262, output_tokens: 5, total_tokens: 1267 };
    expect(read({ ...counts, image_tokens: 1236 })).toEqual(expected);
    expect(
      read({ ...counts, image_tokens: 1236, input_tokens_details: { image_tokens: 1236, text_tokens: 26 } }),
    ).toEqual(expected);
  });

  it('of a stream is its last count; a reason to finish called "null" is none', () => {
    const chunk = (output_tokens: number, finish_reason: string) => ({
      output: { choices: [{ finish_reason, message: { content: 'a' } }] },
      usage: { input_tokens: 22, output_tokens, total_tokens: 22 + output_tokens },
    });
    const whole = readStream(source, chunk(1, 'null'), chunk(9, 'null'), chunk(17, 'stop'));
    expect(quantitiesOf(whole)).toEqual({ 'in.fresh.text': 22, 'out.text': 17 });
    expect(whole.completeness).toBe('final');
    expect(readStream(source, chunk(1, 'null'), chunk(9, 'null')).completeness).toBe('partial');
  });

  it('reads what has no output: embeddings and reranking, images, speech', () => {
    const embedded = readAnswer(source, { output: { embeddings: [] }, usage: { total_tokens: 4 }, request_id: '1' });
    expect(quantitiesOf(embedded)).toEqual({ 'in.fresh.text': 4 });
    expect(embedded.completeness).toBe('final');
    expect(read({ image_count: 2, width: 1024, height: 1024 })).toEqual({ 'units.images': 2 });
    expect(read({ characters: 15 })).toEqual({ 'units.characters': 15 });
    expect(read({ duration: 9 })).toEqual({ 'units.audioMs': 9000 });
  });

  it('names an error, which has a code in the place of an output', () => {
    const usage = readAnswer(source, { code: 'Throttling.RateQuota', message: 'Requests rate limit exceeded' });
    expect(anomalyCodes(usage)).toEqual(['stream_error']);
    expect(usage.completeness).toBe('missing');
  });
});
