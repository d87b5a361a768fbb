import { describe, expect, it } from '@jest/globals';
import type { ChannelAdapter, PreparedRequest } from '../adapter.js';
import { checkAdapter } from '../adapter-schema.js';
import { presets } from '../adapters/registry.js';
import { checkConformance } from './check-conformance.js';

describe('every preset', () => {
  it('has a name of its own', () => {
    expect(new Set(presets.map(({ name }) => name)).size).toBe(presets.length);
  });

  it.each(presets)('is an adapter by the schema, and conforms: $name', (adapter) => {
    expect(checkAdapter(adapter)).toEqual({ adapter });
    expect(checkConformance(adapter)).toEqual([]);
  });
});

const sound: ChannelAdapter = { name: 'sound', apis: { 'openai-chat': '/v1', gemini: '/v1beta', audio: '/v1' } };
const rewrite = (change: (body: string) => string) => (request: PreparedRequest) => ({
  ...request,
  body: Buffer.from(change(request.body.toString())),
});

describe('an adapter that does what it must not is found out', () => {
  it('is not found to do anything when it does not', () => {
    expect(checkConformance(sound)).toEqual([]);
  });

  it.each<[string, Partial<ChannelAdapter>, RegExp]>([
    [
      'writes the body anew',
      { prepare: rewrite((body) => JSON.stringify({ model: /model-of-the-\w+/.exec(body)?.[0] })) },
      /the body was written anew/,
    ],
    [
      'keeps the client’s name of the model',
      { prepare: rewrite((body) => body.replace('model-of-the-upstream', 'model-of-the-client')) },
      /the client's name of a model goes upstream/,
    ],
    ['sends no credential', { sign: () => ({}) }, /no header carries the credential/],
    [
      'has a path that is not filled in',
      { apis: { gemini: ({ path }, { project }) => `/${project}${path}` } },
      /not filled in/,
    ],
    [
      'throws',
      {
        prepare: () => {
          throw new Error('a mistake');
        },
      },
      /it throws: .* a mistake/,
    ],
    [
      'shows a secret that it cannot use',
      {
        openCredential: (secret) => {
          throw new Error(`no token for ${secret}`);
        },
      },
      /a complaint about its secret shows it/,
    ],
  ])('%s', (_what, difference, finding) => {
    const findings = checkConformance({ ...sound, ...difference }).join('\n');
    expect(findings).toMatch(finding);
  });
});
