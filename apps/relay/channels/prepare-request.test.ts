import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Refusal } from '#protocols/error-body.js';
import type { ChannelAdapter, ChannelCall, PreparedRequest } from './adapter.js';
import { findPreset } from './adapters/registry.js';
import { openChannel } from './channel.js';
import { ChannelTable } from './channel-table.js';
import { prepareCheck, prepareRequest } from './prepare-request.js';

const openai = findPreset('openai')!;
const call: ChannelCall = {
  ...{ requestId: 'r', api: 'openai-chat', method: 'POST', path: '/chat/completions', query: '', stream: false },
  ...{ model: 'm', headers: { 'content-type': 'application/json' }, body: Buffer.from('{"model":"m"}') },
};

function prepare(difference: Partial<ChannelCall>, adapter: ChannelAdapter = openai): PreparedRequest | Refusal {
  const described = { id: 'ch', adapter: 'openai', models: { m: 'up' }, apis: [difference.api ?? 'openai-chat'] };
  const channel = openChannel(described, { adapter, secret: 'sk-of-the-channel', complain: () => undefined });
  const [candidate] = new ChannelTable([channel]).candidates(difference.api ?? 'openai-chat', 'm');
  return prepareRequest({ ...call, ...difference }, candidate!, new Date(0));
}

describe('a request that goes upstream', () => {
  it('goes to the channel’s address with its credential, whatever the client sends: fault 51', () => {
    const hosts = fc.constantFrom('host', 'x-forwarded-host', 'api_base', 'base_url', 'x-api-base', 'origin');
    const evil = fc.constantFrom('evil.example', 'https://evil.example/v1', '//evil.example', '@evil.example');
    fc.assert(
      fc.property(fc.dictionary(hosts, evil), (sent) => {
        const body = Buffer.from(JSON.stringify({ model: 'm', ...sent }));
        const query = `?${new URLSearchParams(sent).toString()}`;
        const { origin, path, headers } = prepare({ headers: sent, query, body }) as PreparedRequest;
        expect(new URL(path, origin).href).toMatch(/^https:\/\/api\.openai\.com\/v1\/chat\/completions(\?|$)/);
        expect(headers).toMatchObject({ authorization: 'Bearer sk-of-the-channel' });
        expect(headers['host']).toBeUndefined();
      }),
    );
  });

  it('stays at the channel’s address when its adapter says another', () => {
    const prepared = prepare({}, { ...openai, prepare: (request) => ({ ...request, origin: 'https://evil.example' }) });
    expect(prepared).toMatchObject({ origin: 'https://api.openai.com' });
  });

  it('is none while the channel has no valid credential', () => {
    const expired = { current: () => undefined, close: () => undefined };
    const prepared = prepare({}, { ...openai, openCredential: () => expired });
    expect(prepared).toMatchObject({ code: 'unavailable' });
  });

  it('has what its API asks for where the call was converted, and nothing that was said to another provider', () => {
    const claude = { ...openai, apis: { 'anthropic-messages': '/v1' } };
    const { path: _own, ...converted } = call;
    const headers = {
      'openai-beta': 'assistants=v2',
      'x-stainless-lang': 'js',
      'content-type': 'text/plain',
      accept: '*/*',
    };
    const channel = openChannel(
      { id: 'ch', adapter: 'openai', models: ['m'] },
      { adapter: claude, secret: 'sk', complain: () => undefined },
    );
    const [candidate] = new ChannelTable([channel]).candidates('openai-chat', 'm');
    const prepared = prepareRequest({ ...converted, headers, api: candidate!.api }, candidate!, new Date(0));
    expect(prepared).toMatchObject({ path: '/v1/messages' });
    expect((prepared as PreparedRequest).headers).toEqual({
      ...{ accept: '*/*', 'accept-encoding': 'identity', 'x-request-id': 'r', 'content-type': 'application/json' },
      ...{ 'anthropic-version': '2023-06-01', 'x-api-key': 'sk' },
    });
  });
});

describe('a health check', () => {
  const check = (preset: string, more: object = {}) => {
    const adapter = findPreset(preset)!;
    const described = { id: 'ch', adapter: preset, models: ['m'], healthCheck: { everyMs: 1_000 }, ...more };
    return prepareCheck(openChannel(described, { adapter, secret: 'sk', complain: () => undefined }), new Date(0));
  };

  it.each([
    ['openai', {}, 'https://api.openai.com/v1/models'],
    ['openai', { baseUrl: 'https://gateway.example/team/v1' }, 'https://gateway.example/team/v1/models'],
    ['azure', { baseUrl: 'https://eu.openai.azure.com' }, 'https://eu.openai.azure.com/openai/v1/models'],
    ['gemini', {}, 'https://generativelanguage.googleapis.com/v1beta/models'],
    ['cohere', {}, 'https://api.cohere.ai/v1/models'],
    ['qwen', {}, 'https://dashscope.aliyuncs.com/compatible-mode/v1/models'],
    [
      'vllm',
      { baseUrl: 'http://10.0.0.1:8000/v1', healthCheck: { everyMs: 1_000, path: '/health' } },
      'http://10.0.0.1:8000/health',
    ],
  ])('of %s with %j is a GET of %s', (preset, more, url) => {
    const { origin, path, method, body } = check(preset, more)!;
    expect([`${origin}${path}`, method, body.length]).toEqual([url, 'GET', 0]);
  });

  it('has the channel’s credential as its calls have it', () => {
    expect(check('openai')?.headers).toEqual({ authorization: 'Bearer sk' });
    expect(check('anthropic')?.headers).toEqual({ 'x-api-key': 'sk', 'anthropic-version': '2023-06-01' });
    expect(check('gemini')?.headers).toEqual({ 'x-goog-api-key': 'sk' });
    expect(check('azure', { baseUrl: 'https://eu.openai.azure.com' })?.headers).toEqual({ 'api-key': 'sk' });
    const signing: ChannelAdapter = { ...openai, sign: ({ method, path }) => ({ proof: `${method} ${path}` }) };
    const described = { id: 'ch', adapter: 'openai', models: ['m'] };
    const signed = prepareCheck(
      openChannel(described, { adapter: signing, secret: 'sk', complain: () => undefined }),
      new Date(0),
    );
    expect(signed?.headers).toEqual({ proof: 'GET /v1/models' });
  });

  it('is none while the channel has no valid credential', () => {
    const adapter = { ...openai, openCredential: () => ({ current: () => undefined, close: () => undefined }) };
    const described = { id: 'ch', adapter: 'openai', models: ['m'] };
    expect(
      prepareCheck(openChannel(described, { adapter, secret: 'sk', complain: () => undefined }), new Date()),
    ).toBeUndefined();
  });
});
