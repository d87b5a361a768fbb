import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { tokenizerOf } from './tokenizer-of.js';
import { loadTokenizer } from './tokenizers.js';

const o200k = await loadTokenizer('gpt-4o');

describe('a tokenizer', () => {
  it('counts special tokens in a text as text', async () => {
    for (const model of ['gpt-4o', 'gpt-4', 'gpt-oss-120b']) {
      const tokenizer = await loadTokenizer(model);
      expect(tokenizer.count('<|endoftext|><|im_start|><|start|>')).toBeGreaterThan(6);
    }
  });

  it('counts a long text as the library counts it in one piece', () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,12}[.,]?$/);
    fc.assert(
      fc.property(fc.array(word, { minLength: 100, maxLength: 300 }), (words) => {
        const text = words.join(' ');
        expect(o200k.count(text)).toBe(countTokens(text));
      }),
      { numRuns: 30 },
    );
  });

  it('counts never more tokens than the text has bytes, and as many for its parts as for its growth', async () => {
    const tokenizer = await loadTokenizer('claude-opus-4-8');
    const count = (text: string) => tokenizer.count(text);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (text) => {
        expect(count(text)).toBeLessThanOrEqual(Buffer.byteLength(text));
        expect(count(text) > 0).toBe(text.length > 0);
        expect(count(`${text} and more`)).toBeGreaterThanOrEqual(count(text));
      }),
    );
  });

  // Uncut, each of these takes longer than the test may: the library's time grows with the square of such a run.
  it.each([
    ['one letter', 'a'],
    ['spaces', ' '],
    ['Chinese without punctuation', '天地玄黄宇宙洪荒'],
  ])(
    'takes no quadratic time for %s',
    (_name, unit) => {
      const tokens = o200k.count(unit.repeat(150_000 / unit.length));
      expect(tokens).toBeGreaterThan(1_000);
    },
    20_000,
  );

  it('is told from the name of a model, with or without a provider before it', () => {
    const chosen = (model: string) => {
      const { encoding, percent } = tokenizerOf(model);
      return `${encoding} ${percent}`;
    };
    expect(
      Object.fromEntries(
        ['gpt-4-0613', 'gpt-4', 'gpt-3.5-turbo', 'text-embedding-3-small', 'gpt-35-turbo'].map((m) => [m, chosen(m)]),
      ),
    ).toEqual({
      'gpt-4-0613': 'cl100k_base 100',
      'gpt-4': 'cl100k_base 100',
      'gpt-3.5-turbo': 'cl100k_base 100',
      'text-embedding-3-small': 'cl100k_base 100',
      'gpt-35-turbo': 'cl100k_base 100',
    });
    for (const model of ['gpt-4o', 'gpt-4.1-mini', 'gpt-4.5-preview', 'openai/o3', 'gpt-5.2', 'chatgpt-4o-latest']) {
      expect(chosen(model)).toBe('o200k_base 100');
    }
    expect(chosen('openai/gpt-oss-120b')).toBe('o200k_harmony 100');
    for (const model of ['claude-sonnet-4-5-20250929', 'anthropic/claude-opus-4.6', 'us.anthropic.claude-haiku-4-5']) {
      expect(chosen(model)).toBe('o200k_base 110');
    }
    for (const model of ['claude-opus-4-7', 'claude-sonnet-5', 'anthropic/claude-fable-5']) {
      expect(chosen(model)).toBe('o200k_base 142');
    }
    for (const model of ['claude-3-5-haiku-20241022', 'claude-3-opus-20240229', 'anthropic.claude-v2']) {
      expect(chosen(model)).toBe('o200k_base 117');
    }
  });
});
