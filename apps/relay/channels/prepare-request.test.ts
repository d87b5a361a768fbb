import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Refusal } from '#protocols/error-body.js';
import type { ChannelAdapter, ChannelCall, PreparedRequest } from './adapter.js';
import { findPreset } from './adapters/registry.js';
import { openChannel } from './channel.js';
import { ChannelTable } from './channel-table.js';
import { prepareRequest } from './prepare-request.js';

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
