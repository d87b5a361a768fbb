import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Usage } from '#usage/usage.js';
import { estimateInTurns } from './estimate-in-turns.js';
import { estimateUsage } from './estimate-usage.js';
import { passedText } from './passed-text.fixture.js';
import { loadTokenizer } from './tokenizers.js';

const tokenizer = await loadTokenizer('claude-sonnet-5');
const usage: Usage = {
  provider: 'anthropic',
  api: 'anthropic-messages',
  segments: [],
  completeness: 'missing',
  anomalies: [],
};

function sourceOf(prompt: string, answer: string) {
  const request = { model: 'claude-sonnet-5', system: prompt, messages: [{ role: 'user', content: answer }] };
  return { usage, request, answer: passedText(answer), limits: {}, tokenizer };
}

describe('an estimate in turns', () => {
  it('is the estimate', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ maxLength: 2000 }), fc.string({ unit: 'grapheme' }), async (prompt, answer) => {
        const source = sourceOf(prompt, answer);
        expect(await estimateInTurns(source, () => Promise.resolve())).toEqual(estimateUsage(source));
      }),
      { numRuns: 50 },
    );
  });

  it('lets others have their turn while a long prompt is counted', async () => {
    let turns = 0;
    await estimateInTurns(sourceOf('word '.repeat(20_000), 'Yes.'), () => Promise.resolve((turns += 1)));
    expect(turns).toBeGreaterThan(10);
  });
});
