import { describe, expect, it } from '@jest/globals';
import { quantitiesOf, readAnswer } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'openai', api: 'embeddings' };

describe('usage of embeddings', () => {
  it.each<[string, object, Record<string, number>]>([
    ['OpenAI and Azure', { model: 'm', usage: { prompt_tokens: 8, total_tokens: 8 } }, { 'in.fresh.text': 8 }],
    [
      'Mistral, whose output is an explicit zero',
      { usage: { prompt_tokens: 21, total_tokens: 21, completion_tokens: 0, prompt_audio_seconds: null } },
      { 'in.fresh.text': 21, 'out.text': 0 },
    ],
    ['Voyage', { data: [], usage: { total_tokens: 12 } }, { 'in.fresh.text': 12 }],
    [
      'Voyage, of texts and images',
      { usage: { text_tokens: 5, image_pixels: 2_000_000, total_tokens: 3576 } },
      { 'in.fresh.text': 5, 'in.fresh.image': 3571 },
    ],
    [
      'Cohere',
      { meta: { api_version: { version: '2' }, billed_units: { input_tokens: 4, image_tokens: 0 } } },
      { 'in.fresh.text': 4, 'in.fresh.image': 0 },
    ],
    [
      'Gemini, which spells the split of its prompt otherwise here',
      { usageMetadata: { promptTokenCount: 7, promptTokenDetails: [{ modality: 'IMAGE', tokenCount: 7 }] } },
      { 'in.fresh.text': 0, 'in.fresh.image': 7 },
    ],
    [
      'Vertex embedContent',
      { usageMetadata: { promptTokenCount: 11, totalTokenCount: 11, promptTokensDetails: [] } },
      { 'in.fresh.text': 11 },
    ],
    [
      'Vertex predict',
      {
        predictions: [
          { embeddings: { statistics: { token_count: 5, truncated: false }, values: [] } },
          { embeddings: { statistics: { token_count: 6, truncated: false }, values: [] } },
        ],
        metadata: { billableCharacterCount: 35 },
      },
      { 'in.fresh.text': 11, 'units.characters': 35 },
    ],
    ['Amazon Titan', { embedding: [], inputTextTokenCount: 6 }, { 'in.fresh.text': 6 }],
    ['Ollama', { model: 'm', embeddings: [], prompt_eval_count: 8, total_duration: 14 }, { 'in.fresh.text': 8 }],
  ])('reads %s', (_, answer, expected) => {
    const usage = readAnswer(source, answer);
    expect(quantitiesOf(usage)).toEqual(expected);
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [] });
  });

  it('is missing where Gemini tells nothing, never zero', () => {
    const usage = readAnswer(source, { embeddings: [{ values: [0.1] }] });
    expect(usage).toMatchObject({ completeness: 'missing', segments: [] });
    expect(quantitiesOf(usage)).toEqual({});
  });

  it('keeps no vector', () => {
    const usage = readAnswer(source, {
      predictions: [{ embeddings: { statistics: { token_count: 5 }, values: [0.125] } }],
    });
    expect(usage.raw?.json).toBe('{"statistics":[{"token_count":5}]}');
  });
});
