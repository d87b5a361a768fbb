import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { responseOfText, textOfResponse } from '#protocols/gemini/function-response.js';

describe("a function's response", () => {
  it('is read back as the very text that it was, JSON or not', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.json(),
      fc.object().map((value) => JSON.stringify(value, null, 1)),
      fc.constantFrom('{"output":"x"}', '{"error":"x"}', '{"output":{}}', '{ "a": 1 }', '{"a":12345678901234567890}'),
    );
    fc.assert(
      fc.property(texts, fc.boolean(), (text, isError) => {
        const sent = JSON.parse(JSON.stringify(responseOfText({ text, isError }))) as Record<string, unknown>;
        expect(textOfResponse(sent)).toEqual({ text, isError });
      }),
    );
  });

  it('is the object that the text is', () => {
    expect(responseOfText({ text: '{"degrees":21}', isError: false })).toEqual({ degrees: 21 });
  });

  it.each([
    [{ output: 'fine' }, 'fine', false],
    [{ output: { a: 1 } }, '{"a":1}', false],
    [{ error: 'no' }, 'no', true],
    [{ result: 'fine' }, '{"result":"fine"}', false],
    [{ output: 1, more: 2 }, '{"output":1,"more":2}', false],
    [{}, '{}', false],
  ])('%j says %s', (response, text, isError) => {
    expect(textOfResponse(response)).toEqual({ text, isError });
  });
});
