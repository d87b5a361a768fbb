import { expect, it } from '@jest/globals';
import type { JsonObject } from '#usage/json.js';
import type { OperationName } from '../operations/operations.js';
import { askedOutput } from './asked-output.js';

it.each<[OperationName, JsonObject, number | undefined]>([
  ['chat.completions', { max_tokens: 5 }, 5],
  ['chat.completions', { max_tokens: 500, max_completion_tokens: 5 }, 500],
  ['chat.completions', { max_completion_tokens: 5, n: 3 }, 15],
  ['chat.completions', { max_completion_tokens: null, max_output_tokens: 5 }, undefined],
  ['chat.completions', { max_tokens: '5' }, undefined],
  ['chat.completions', { max_tokens: -1 }, undefined],
  ['completions', { max_tokens: 10, n: 2, best_of: 4 }, 40],
  ['completions', { max_tokens: 10, prompt: ['a', 'b'] }, 20],
  ['completions', { max_tokens: 10, prompt: [1, 2, 3] }, 10],
  ['responses', { max_output_tokens: 7 }, 7],
  ['messages', { max_tokens: 9, n: 4 }, 9],
  ['generateContent', { generationConfig: { maxOutputTokens: 8, candidateCount: 2 } }, 16],
  ['streamGenerateContent', { generation_config: { max_output_tokens: 8 } }, 8],
  ['generateContent', { max_tokens: 8 }, undefined],
  ['generateContent', { generation_config: { maxOutputTokens: 900 }, generationConfig: { maxOutputTokens: 8 } }, 900],
  ['generateContent', { generationConfig: { maxOutputTokens: 8, max_output_tokens: '900' } }, undefined],
  ['chat.completions', { max_tokens: '900', max_completion_tokens: 5 }, undefined],
  ['chat.completions', { max_tokens: 5, n: '100' }, undefined],
  ['chat.completions', { max_tokens: 5, n: null }, 5],
])('%s with %j asks for %j tokens', (operation, body, tokens) => {
  expect(askedOutput(operation, body)?.tokens).toBe(tokens);
});

it.each<OperationName>(['embeddings', 'audio.speech', 'countTokens', 'messages.count_tokens', 'models.list'])(
  '%s generates no text',
  (operation) => expect(askedOutput(operation, {})).toBeUndefined(),
);
