import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { answerPieces, countWords, decideAnswer, outputTokensAfter, type Ask } from './decide-answer.js';

const ask: Ask = { model: 'gpt-5', words: 4, stream: false, includeUsage: false };
const body = Buffer.from('{}');

describe('an answer', () => {
  it('counts the words of the request, and has 16 tokens when no limit is given', () => {
    expect(decideAnswer(body, ask, {})).toMatchObject({ inputTokens: 4, outputTokens: 16, limited: false });
    expect(decideAnswer(body, { ...ask, outputLimit: 0 }, {})).toMatchObject({ outputTokens: 0, limited: true });
  });

  it('has one word per token that is not reasoning, in the same pieces for the same request', () => {
    const tokens = fc.nat({ max: 300 });
    fc.assert(
      fc.property(tokens, tokens, fc.uint8Array(), (one, other, bytes) => {
        const [reasoning, output] = [Math.min(one, other), Math.max(one, other)];
        const answer = decideAnswer(bytes, ask, { 'output-tokens': output, 'reasoning-tokens': reasoning });
        const pieces = answerPieces(answer);
        expect(countWords(pieces.join(''))).toBe(output - reasoning);
        expect(
          answerPieces(decideAnswer(bytes, ask, { 'output-tokens': output, 'reasoning-tokens': reasoning })),
        ).toEqual(pieces);
        expect(outputTokensAfter(answer, pieces.length)).toBe(output);
      }),
    );
  });

  it('is refused when its parts are more than the whole', () => {
    expect(() => decideAnswer(body, ask, { 'cached-tokens': 5 })).toThrow(/5 cached .* more than the 4 of input/);
    expect(() => decideAnswer(body, ask, { 'reasoning-tokens': 17 })).toThrow(/17 reasoning .* more than the 16/);
  });
});
