import { expect, it } from '@jest/globals';
import { refusalWords } from './upstream-failure.js';

it.each([
  ['{"error":{"message":"No such key","flagged_input":"a prompt"}}', 'No such key'],
  ['{"detail":"Not yours"}', 'Not yours'],
  [JSON.stringify({ error: { message: 'x'.repeat(1_000) } }), 'x'.repeat(300)],
  ['<html>', 'it says no reason that can be read'],
])('of a refusal the log gets the sentence alone: %s', (body, words) => {
  expect(refusalWords(Buffer.from(body))).toBe(words);
});
