import { describe, expect, it } from '@jest/globals';
import { Refusal } from '#protocols/error-body.js';
import { findOperation, likelyProtocol } from './find-operation.js';
import { operations } from './operations.js';

const found = (method: string, path: string) => {
  const operation = findOperation(method, path);
  return operation instanceof Refusal ? operation.code : { ...operation, operation: operation.operation.name };
};

describe('an operation', () => {
  it.each(operations)('$name is found at its path, with a version before it or without', (operation) => {
    const path = operation.path.replace('{model}', 'a-model');
    const model = operation.path.includes('{model}') ? { model: 'a-model' } : {};
    for (const base of ['', '/v1', '/v1beta', '/v1/v1', '/openai/v1', '/v1beta/openai']) {
      expect(found(operation.method, `${base}${path}`)).toEqual({ operation: operation.name, ...model });
    }
  });

  it.each([
    ['POST', '/v2/rerank', { operation: 'rerank' }],
    ['GET', '/v1/models/meta-llama/Llama-3', { operation: 'models.get', model: 'meta-llama/Llama-3' }],
    ['GET', '/v1/models/meta-llama%2FLlama-3', { operation: 'models.get', model: 'meta-llama/Llama-3' }],
    ['GET', '/v1/models/llama3:latest', { operation: 'models.get', model: 'llama3:latest' }],
    ['POST', '/v1beta/models/qwen:7b:generateContent', { operation: 'generateContent', model: 'qwen:7b' }],
    ['POST', '/openai/deployments/my%20gpt/chat/completions', { operation: 'chat.completions', model: 'my gpt' }],
  ])('%s %s', (method, path, expected) => {
    expect(found(method, path)).toEqual(expected);
  });

  it.each([
    ['GET', '/v1/chat/completions'],
    ['POST', '/v1/models'],
    ['POST', '/v1/chat/completions/'],
    ['POST', '/v1//chat/completions'],
    ['POST', '/v1/fine_tuning/jobs'],
    ['POST', '/v1beta/models/a:predict'],
    ['POST', '/v1beta/models/%E0%A4%A:generateContent'],
    ['POST', '/v1/chat/completions/../files'],
    ['GET', '/'],
  ])('is none: %s %s', (method, path) => {
    expect(found(method, path)).toBe('not_found');
  });
});

describe('a client of whom only the path and the headers are known', () => {
  it.each([
    ['/v1/nothing', {}, 'openai-chat'],
    ['/v1/messages/batches', {}, 'anthropic-messages'],
    ['/v1/models', { 'anthropic-version': '2023-06-01' }, 'anthropic-messages'],
    ['/v1beta/models', {}, 'gemini'],
    ['/v1/models', { 'x-goog-api-key': 'a' }, 'gemini'],
    ['/v1/models/a:predict', {}, 'gemini'],
    ['/v1beta/openai/models', {}, 'openai-chat'],
  ])('that calls %s with %j seems to speak %s', (path, headers, protocol) => {
    expect(likelyProtocol(path, headers)).toBe(protocol);
  });

  it('is told in no time, however its path repeats itself', () => {
    const path = '/models/'.repeat(200_000);
    const startedAt = performance.now();
    expect(likelyProtocol(`/a${path}:b1`, {})).toBe('openai-chat');
    expect(likelyProtocol(`/a${path}:b`, {})).toBe('gemini');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
