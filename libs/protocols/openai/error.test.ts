import { describe, expect, it } from '@jest/globals';
import { errorStatus, type ErrorKind } from '../chat/chat-answer.js';
import { readError, writeError } from './error.js';

describe('an error of OpenAI chat', () => {
  it.each<[string, object, object]>([
    [
      'OpenAI',
      { error: { message: 'No.', type: 'invalid_request_error', param: 'max_tokens', code: 'unsupported_parameter' } },
      { kind: 'invalid_request', message: 'No.', param: 'max_tokens', code: 'unsupported_parameter' },
    ],
    [
      'OpenAI, without credit',
      { error: { message: 'No.', type: 'insufficient_quota', param: null, code: 'insufficient_quota' } },
      { kind: 'billing', message: 'No.', code: 'insufficient_quota' },
    ],
    ['OpenRouter', { error: { message: 'No.', code: 503 } }, { kind: 'overloaded', message: 'No.' }],
    ['xAI', { code: 'Not found', error: 'No.' }, { kind: 'server', message: 'No.', code: 'Not found' }],
    [
      'vLLM',
      { object: 'error', message: 'No.', type: 'BadRequestError', code: 400 },
      { kind: 'invalid_request', message: 'No.' },
    ],
    ['FastAPI', { detail: [{ msg: 'Field required' }] }, { kind: 'invalid_request', message: 'Field required' }],
  ])('is read from %s', (_, body, error) => {
    expect(readError(body as Record<string, unknown>)).toEqual(error);
  });

  it.each(Object.keys(errorStatus) as ErrorKind[])('of the kind %s is read back from what is written', (kind) => {
    expect(readError(writeError({ kind, message: 'No.' }))).toEqual({ kind, message: 'No.' });
  });

  it('is no answer', () => {
    expect(readError({ id: 'c1', object: 'chat.completion', choices: [] })).toBeUndefined();
  });
});
