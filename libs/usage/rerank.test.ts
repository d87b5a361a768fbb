import { describe, expect, it } from '@jest/globals';
import { quantitiesOf, readAnswer } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'cohere', api: 'rerank' };

describe('usage of reranking', () => {
  it.each<[string, object, Record<string, number>]>([
    ['searches of Cohere', { meta: { billed_units: { search_units: 3 } } }, { 'units.rerankSearches': 3 }],
    ['tokens of Voyage and Jina', { model: 'rerank-2.5', usage: { total_tokens: 12 } }, { 'in.fresh.text': 12 }],
    [
      'tokens of Together',
      { usage: { prompt_tokens: 2966, completion_tokens: 0, total_tokens: 2966 } },
      { 'in.fresh.text': 2966, 'out.text': 0 },
    ],
  ])('reads %s', (_, answer, expected) => {
    const usage = readAnswer(source, { results: [{ index: 0, relevance_score: 0.9 }], ...answer });
    expect(quantitiesOf(usage)).toEqual(expected);
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [] });
  });

  it('is missing where none is told', () => {
    expect(readAnswer(source, { results: [] }).completeness).toBe('missing');
    expect(readAnswer(source, { meta: { api_version: { version: '2' } } }).completeness).toBe('missing');
  });
});
