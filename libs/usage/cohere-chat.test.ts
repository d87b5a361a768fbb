import { describe, expect, it } from '@jest/globals';
import { anomalyCodes, quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'cohere', api: 'cohere-chat', requestedModel: 'command-a-03-2025' };

const usage = {
  billed_units: { input_tokens: 12, output_tokens: 7 },
  tokens: { input_tokens: 507, output_tokens: 10 },
  cached_tokens: 448,
};
const billed = { 'in.fresh.text': 12, 'out.text': 7 };

describe('usage of Cohere chat', () => {
  it('is what is billed, not what was processed; the cache is a part of the latter', () => {
    const read = readAnswer(source, { id: '1', finish_reason: 'COMPLETE', message: { content: [] }, usage });
    expect(quantitiesOf(read)).toEqual(billed);
    expect(read).toMatchObject({ completeness: 'final', anomalies: [], raw: { json: JSON.stringify(usage) } });
  });

  it('stands in meta in version 1', () => {
    const meta = { api_version: { version: '1' }, ...usage };
    expect(quantitiesOf(readAnswer(source, { text: 'Hi', meta }))).toEqual(billed);
  });

  it('comes with the last event of a stream, in either version', () => {
    const second = [
      { type: 'message-start', delta: { message: { role: 'assistant' } } },
      { type: 'content-delta', delta: { message: { content: { text: 'my "usage"' } } } },
      { type: 'message-end', delta: { finish_reason: 'COMPLETE', usage } },
      '[DONE]',
    ];
    const first = [
      { is_finished: false, event_type: 'stream-start' },
      { is_finished: true, event_type: 'stream-end', response: { text: 'Hi', meta: usage } },
    ];
    for (const messages of [first, second]) {
      const read = readStream(source, ...messages);
      expect(quantitiesOf(read)).toEqual(billed);
      expect(read).toMatchObject({ completeness: 'final', anomalies: [] });
    }
    expect(readStream(source, ...second.slice(0, 2)).completeness).toBe('missing');
  });

  it('has units beside tokens', () => {
    const units = { ...usage, billed_units: { ...usage.billed_units, search_units: 2, classifications: 3 } };
    expect(readAnswer(source, { usage: units }).units).toEqual({ rerankSearches: 2, requests: 3 });
  });

  it('is not final where only what was processed is told', () => {
    const read = readAnswer(source, { usage: { tokens: usage.tokens } });
    expect(quantitiesOf(read)).toEqual({ 'in.fresh.text': 507, 'out.text': 10 });
    expect(read.completeness).toBe('partial');
    expect(anomalyCodes(read)).toEqual(['billed_units_absent']);
  });
});
