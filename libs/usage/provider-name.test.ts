import { describe, expect, it } from '@jest/globals';
import { providerName } from './provider-name.js';

describe('the name of a provider', () => {
  it.each([
    ['xai', 'xai'],
    ['x-ai', 'xai'],
    ['X_AI', 'xai'],
    ['x.ai', 'xai'],
    ['google-vertex', 'google'],
    ['vertex_ai', 'google'],
    ['Mistral AI', 'mistral'],
    ['aws-bedrock', 'bedrock'],
  ])('%s goes by %s', (given, name) => {
    expect(providerName(given)).toBe(name);
  });

  it('that nobody knows is kept', () => {
    expect(providerName('My-Gateway')).toBe('my-gateway');
  });
});
