import { describe, expect, it } from '@jest/globals';
import { anomalyCodes, quantitiesOf, readAnswer, readStream } from './reading.fixture.js';
import type { UsageSource } from './usage-reader.js';

const source: UsageSource = { provider: 'openai', api: 'audio' };
const mistral: UsageSource = { provider: 'mistral', api: 'audio' };

const tokens = {
  type: 'tokens',
  input_tokens: 14,
  input_token_details: { text_tokens: 4, audio_tokens: 10 },
  output_tokens: 45,
  total_tokens: 59,
};

describe('usage of audio', () => {
  it('is the charged seconds where they are told, not the exact length beside them', () => {
    const usage = readAnswer(source, {
      text: 'Hi',
      duration: 36.709999084472656,
      usage: { type: 'duration', seconds: 37 },
    });
    expect(quantitiesOf(usage)).toEqual({ 'units.audioMs': 37_000 });
    expect(usage).toMatchObject({ completeness: 'final', segments: [], anomalies: [] });
  });

  it('is the length of the audio in older verbose answers, in whole milliseconds', () => {
    const length = (duration: unknown) => readAnswer(source, { task: 'transcribe', duration, text: 'Hi' });
    expect(length(8.47)).toMatchObject({ units: { audioMs: 8470 }, completeness: 'final', anomalies: [] });
    expect(length(1.005)).toMatchObject({ units: { audioMs: 1005 }, anomalies: [] });
    expect(length(0)).toMatchObject({ units: { audioMs: 0 } });
    expect(length(8.470000267028809).units).toEqual({ audioMs: 8470 });
    expect(anomalyCodes(length(8.470000267028809))).toEqual(['duration_rounded']);
    expect(length(-1)).toMatchObject({ completeness: 'missing', anomalies: [{ code: 'count_invalid' }] });
  });

  it('is tokens of text and of audio', () => {
    const expected = { 'in.fresh.text': 4, 'in.fresh.audio': 10, 'out.text': 45 };
    expect(quantitiesOf(readAnswer(source, { text: 'Hi', usage: tokens }))).toEqual(expected);
    const usage = readStream(
      source,
      { type: 'transcript.text.delta', delta: 'Hi' },
      { type: 'transcript.text.done', text: 'Hi', usage: tokens },
    );
    expect(quantitiesOf(usage)).toEqual(expected);
    expect(usage).toMatchObject({ completeness: 'final', anomalies: [] });
  });

  it('of speech is output that is audio', () => {
    const usage = readStream(
      source,
      { type: 'speech.audio.delta', audio: 'AA' },
      { type: 'speech.audio.done', usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 } },
    );
    expect(quantitiesOf(usage)).toEqual({ 'in.fresh.text': 14, 'out.audio': 101 });
    expect(usage.completeness).toBe('final');
  });

  it("has Voxtral's audio beside its prompt", () => {
    const usage = readAnswer(mistral, {
      model: 'voxtral-mini-latest',
      usage: {
        prompt_audio_seconds: 3,
        prompt_tokens: 5,
        completion_tokens: 20,
        total_tokens: 400,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 375 },
        service_tier: 'standard',
      },
    });
    expect(quantitiesOf(usage)).toEqual({
      'in.fresh.text': 5,
      'in.fresh.audio': 375,
      'in.cacheRead.text': 0,
      'out.text': 20,
      'units.audioMs': 3000,
    });
    expect(usage).toMatchObject({ modifiers: { tierServed: 'standard' }, completeness: 'final', anomalies: [] });
  });

  it('is missing where an answer is the text alone', () => {
    expect(readAnswer(source, { text: 'Hi' }).completeness).toBe('missing');
  });
});
