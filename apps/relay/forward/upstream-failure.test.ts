import { expect, it } from '@jest/globals';
import { refusalWords, tellRefusal } from './upstream-failure.js';

it.each([
  ['{"error":{"message":"No such key","flagged_input":"a prompt"}}', 'No such key'],
  ['{"detail":"Not yours"}', 'Not yours'],
  ['<html>', 'it says no reason that can be read'],
])('of a refusal the log gets the sentence alone: %s', (body, words) => {
  expect(refusalWords(Buffer.from(body))).toBe(words);
});

it.each([
  ['x'.repeat(1_000), 'x'.repeat(300)],
  [`${'x'.repeat(295)}sk-secret`, `${'x'.repeat(295)}(the `],
])('of a refusal the log gets 300 characters, and nothing of the secret (%#)', (message, words) => {
  const body = Buffer.from(JSON.stringify({ error: { message } }));
  const credential = { current: () => 'sk-secret', close: () => undefined };
  expect(tellRefusal({ id: 'c', credential }, 401, refusalWords(body)).endsWith(`(401): ${words}`)).toBe(true);
});
