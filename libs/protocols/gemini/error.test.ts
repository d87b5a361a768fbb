import { describe, expect, it } from '@jest/globals';
import { errorStatus, type ErrorKind } from '#protocols/chat/chat-answer.js';
import { readError, writeError } from '#protocols/gemini/error.js';

describe("Google's error", () => {
  it.each([
    [400, 'INVALID_ARGUMENT', 'invalid_request'],
    [400, 'FAILED_PRECONDITION', 'invalid_request'],
    [401, 'UNAUTHENTICATED', 'authentication'],
    [403, 'PERMISSION_DENIED', 'permission'],
    [404, 'NOT_FOUND', 'not_found'],
    [429, 'RESOURCE_EXHAUSTED', 'rate_limit'],
    [499, 'CANCELLED', 'timeout'],
    [500, 'INTERNAL', 'server'],
    [501, 'UNIMPLEMENTED', 'invalid_request'],
    [503, 'UNAVAILABLE', 'overloaded'],
    [504, 'DEADLINE_EXCEEDED', 'timeout'],
  ])('%i %s is %s', (code, status, kind) => {
    expect(readError({ error: { code, message: 'm', status } })).toEqual({ kind, message: 'm', code: status });
  });

  it('tells a wrong key and a wrong member by its details', () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' },
    ];
    const error = { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT', details };
    expect(readError({ error })).toMatchObject({ kind: 'authentication', code: 'API_KEY_INVALID' });
  });

  it('is none where the body has no error', () => {
    expect(readError({ candidates: [] })).toBeUndefined();
    expect(readError({ responseId: 'r', usageMetadata: {} })).toBeUndefined();
  });

  it.each(Object.keys(errorStatus) as ErrorKind[])('says %s so that it is read back', (kind) => {
    const error = { kind, message: 'm', param: 'contents.0', code: 'some_code' };
    expect(readError(writeError(error))).toEqual(error);
    expect(writeError(error)).toMatchObject({ error: { code: errorStatus[kind] } });
  });
});
