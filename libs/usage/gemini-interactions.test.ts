import { describe, expect, it } from '@jest/globals';
import { quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'google', api: 'gemini-interactions' };

const interaction = (usage: object, more: object = {}) => ({
  id: 'v1_1',
  status: 'completed',
  model: 'gemini-2.5-flash',
  service_tier: 'standard',
  usage: {
    total_tokens: 83,
    total_input_tokens: 30,
    input_tokens_by_modality: [
      { modality: 'text', tokens: 10 },
      { modality: 'audio', tokens: 20 },
    ],
    total_cached_tokens: 4,
    cached_tokens_by_modality: [{ modality: 'text', tokens: 4 }],
    total_output_tokens: 26,
    total_tool_use_tokens: 12,
    total_thought_tokens: 15,
    ...usage,
  },
  ...more,
});
const expected = {
  'in.fresh.text': 6,
  'in.fresh.audio': 20,
  'in.cacheRead.text': 4,
  'in.toolPrompt': 12,
  'out.text': 26,
  'out.reasoning': 15,
};
const search = (queries: string[]) => ({ type: 'google_search_call', arguments: { queries } });

describe('usage of Gemini interactions', () => {
  it('is read as generateContent is', () => {
    const usage = readAnswer(source, interaction({}));
    expect(quantitiesOf(usage)).toEqual(expected);
    expect(usage).toMatchObject({
      servedModel: 'gemini-2.5-flash',
      modifiers: { tierServed: 'standard' },
      completeness: 'final',
      anomalies: [],
    });
  });

  it('of a stream comes with its last event', () => {
    const created = {
      interaction: { status: 'in_progress', model: 'gemini-2.5-flash' },
      event_type: 'interaction.created',
    };
    const delta = { index: 0, delta: { text: 'Hi', type: 'text' }, event_type: 'step.delta' };
    const completed = { interaction: interaction({}), event_type: 'interaction.completed' };
    const usage = readStream(source, created, delta, completed, '[DONE]');
    expect(quantitiesOf(usage)).toEqual(expected);
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [] });
    expect(readStream(source, created, delta)).toMatchObject({ completeness: 'missing', anomalies: [] });
  });

  it("counts searches by Google's own count, else by the queries of its steps", () => {
    const steps = { steps: [search(['a', 'b']), search(['c'])], model: 'gemini-3-flash-preview' };
    const counted = { grounding_tool_count: [{ type: 'google_search', count: 7 }] };
    expect(readAnswer(source, interaction({}, steps)).units).toEqual({ webSearch: 3 });
    expect(readAnswer(source, interaction(counted, steps)).units).toEqual({ webSearch: 7 });
    expect(readAnswer(source, interaction({}, { ...steps, model: 'gemini-2.5-flash' })).units).toEqual({
      webSearch: 1,
    });
    const streamed = readStream(
      source,
      { interaction: { model: 'gemini-3-flash-preview' } },
      { index: 2, delta: search(['a', 'b']), event_type: 'step.delta' },
      { interaction: interaction({}, { model: 'gemini-3-flash-preview' }) },
    );
    expect(streamed.units).toEqual({ webSearch: 2 });
  });
});
