import { describe, expect, it } from '@jest/globals';
import { clientHeaders, upstreamHeaders, upstreamQuery } from './forwarded-headers.js';

describe('a query that goes upstream', () => {
  it.each([
    ['?alt=sse&key=k', '?alt=sse'],
    ['?alt=json&beta=true', '?alt=json&beta=true'],
    ['?key=k&access_token=t&oauth_token=t', ''],
    ['?%6bey=k&key=l', ''],
    ['?fields=candidates&alt=sse', '?alt=sse'],
    ['?$fields=candidates&%24alt=proto&$callback=f&$ct=x', ''],
    ['?callback=f&alt=media', ''],
    ['?alt=sse&alt=proto', ''],
  ])('has no credential and hides no usage: %s', (sent, upstream) => {
    expect(upstreamQuery(sent)).toBe(upstream);
  });
});

it('a field mask of the client’s stays here', () => {
  const sent = { 'x-goog-fieldmask': 'candidates', 'x-http-method-override': 'GET', 'x-goog-api-client': 'a' };
  expect(upstreamHeaders(sent, 'r')).toEqual({
    ...{ 'x-goog-api-client': 'a', 'accept-encoding': 'identity', 'x-request-id': 'r' },
  });
});

it('an answer tells neither of our account nor where else to take a key', () => {
  const told = {
    ...{ location: 'https://elsewhere.example', 'anthropic-organization-id': 'o', 'x-litellm-key-spend': '1' },
    ...{ 'llm_provider-openai-organization': 'o', 'x-ratelimit-limit-requests': '1', 'x-model': 'm' },
  };
  expect(clientHeaders(told, 'r', true)).toEqual({ 'x-model': 'm', 'x-request-id': 'r' });
});
