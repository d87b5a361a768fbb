import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Policy } from '#contracts/directory.js';
import { rateUsage } from '#rating/rate-usage.js';
import { CALLER, KEY, RelayHouse, UPSTREAM_KEY } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const PERMITTED = 'tg-a-key-that-may-pass';
const passthrough = { channel: 'ch_own', paths: ['POST /v1/videos', 'GET /v1/videos/*', 'POST /api/v4/*'] };
const keys: Readonly<Record<string, { readonly orgId?: string; readonly policy?: Policy }>> = {
  [PERMITTED]: { policy: { passthrough } },
  'tg-of-another-organisation': { orgId: 'org_2', policy: { passthrough } },
  'tg-on-a-shared-account': { policy: { passthrough: { ...passthrough, channel: 'ch_shared' } } },
  'tg-on-no-channel': { policy: { passthrough: { ...passthrough, channel: 'ch_gone' } } },
  'tg-chats-alone': { policy: { passthrough, endpoints: ['chat.completions'] } },
  'tg-from-elsewhere': { policy: { passthrough, ipRanges: ['203.0.113.7'] } },
  'tg-in-a-region': { policy: { passthrough, regions: ['eu'] } },
  'tg-says-why': { policy: { passthrough, requiredMetadata: ['ticket'] } },
  'tg-twice-a-minute': { policy: { passthrough, limits: { requestsPerMinute: 2 } } },
};

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  for (const [at, [key, { orgId = CALLER.orgId, policy }]] of Object.entries(keys).entries()) {
    await house.putKey(key, { ...CALLER, keyId: `key_${at + 2}`, orgId, status: 'active', ...(policy && { policy }) });
  }
  const shared = { id: 'ch_shared', adapter: 'openai', baseUrl: `${house.upstream.url}/below/v1`, models: ['gpt-5'] };
  const own = { ...shared, id: 'ch_own', organisation: CALLER.orgId, apiKeyEnv: UPSTREAM_KEY.name };
  writeFileSync(join(house.folder, 'channels.json'), JSON.stringify({ channels: [shared, own] }));
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => {
  house.upstream.received.length = 0;
  house.upstream.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"id":"video_1","status":"queued"}');
});

interface Asked {
  readonly method?: string;
  readonly key?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

function ask(path: string, { method = 'POST', key = PERMITTED, headers = {}, body = 'a "body"' }: Asked = {}) {
  return fetch(`${relay.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/x-anything', ...headers },
    ...(method !== 'GET' && { body }),
  });
}

async function onlyEventOf(response: Response) {
  const [event, ...more] = await house.eventsOf(response.headers.get('x-request-id'));
  expect(more).toEqual([]);
  return event!.data;
}

describe('what the relay does not know', () => {
  it('goes unread to the channel that the policy of its key names, with that one’s credential', async () => {
    const response = await ask('/v1/videos?size=1&key=mine', { headers: { 'api-key': PERMITTED, 'x-mine': 'yes' } });
    expect([response.status, await response.text()]).toEqual([200, '{"id":"video_1","status":"queued"}']);
    const [{ request: sent, body }] = house.upstream.received as [(typeof house.upstream.received)[0]];
    expect([sent.method, sent.url, body]).toEqual(['POST', '/below/v1/videos?size=1', 'a "body"']);
    expect(sent.headers).toMatchObject({ authorization: `Bearer ${UPSTREAM_KEY.value}`, 'x-mine': 'yes' });
    expect(JSON.stringify(sent.headers)).not.toContain(PERMITTED);
    expect(await onlyEventOf(response)).toMatchObject({ channelId: 'ch_own', outcome: 'completed' });
  });

  it.each([
    ['POST', '/v1/files_of_others'],
    ['DELETE', '/v1/videos'],
    ['GET', '/v1/videos'],
  ])('is refused with 403 where the policy does not name it: %s %s', async (method, path) => {
    const response = await ask(path, { method });
    expect([response.status, await response.json()]).toMatchObject([
      403,
      { error: { message: expect.stringContaining('(passthrough)') as unknown } },
    ]);
    expect(house.upstream.received).toEqual([]);
  });

  it.each([
    ['tg-of-another-organisation', 403],
    ['tg-on-a-shared-account', 403],
    ['tg-on-no-channel', 403],
    ['tg-chats-alone', 403],
    ['tg-from-elsewhere', 403],
    ['tg-in-a-region', 403],
    ['tg-says-why', 403],
    [KEY, 404],
    ['tg-nobody-knows', 404],
  ])('is not forwarded for %s', async (key, status) => {
    expect((await ask('/v1/videos', { key })).status).toBe(status);
    expect((await ask('/route/v1/videos', { key })).status).toBe(404);
    expect(house.upstream.received).toEqual([]);
  });
});

describe('6: a path that nobody knows is not unbilled', () => {
  const suspended = { status: 'suspended', reason: { code: 'usage_missing' } };

  it('without a usage it is an event without one, which waits for a person', async () => {
    for (const [method, path] of [['POST', '/v1/videos'] as const, ['GET', '/v1/videos/video_1'] as const]) {
      const event = await onlyEventOf(await ask(path, { method }));
      const requestedModel = method === 'POST' ? 'POST /v1/videos' : 'GET /v1/videos/*';
      expect(event).toMatchObject({ outcome: 'completed', usage: { completeness: 'missing', requestedModel } });
      expect(rateUsage(event, undefined)).toMatchObject(suspended);
    }
  });

  it('also where the upstream points elsewhere', async () => {
    house.upstream.answer = (_request, response) => response.writeHead(303, { location: '/v1/videos/video_1' }).end();
    const response = await fetch(`${relay.url}/v1/videos`, {
      method: 'POST',
      headers: { authorization: `Bearer ${PERMITTED}` },
      redirect: 'manual',
    });
    expect([response.status, response.headers.get('location')]).toEqual([303, null]);
    expect(rateUsage(await onlyEventOf(response), undefined)).toMatchObject(suspended);
  });

  const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
  const chat = { object: 'chat.completion', model: 'glm-5', choices: [{ index: 0, finish_reason: 'stop' }], usage };

  it('with a usage that its path makes known it is metered', async () => {
    house.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(chat));
    const { usage: metered } = await onlyEventOf(await ask('/api/v4/chat/completions'));
    expect(metered).toMatchObject({
      ...{ api: 'openai-chat', completeness: 'final', servedModel: 'glm-5' },
      segments: [{ in: { fresh: { text: 9 } }, out: { text: 4 } }],
    });
  });

  it('and one that is only told again counts no second time (17)', async () => {
    house.upstream.answer = (_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(chat));
    const { usage: told } = await onlyEventOf(await ask('/v1/videos/chat/completions', { method: 'GET' }));
    expect(told).toMatchObject({ completeness: 'missing', segments: [] });
  });
});

describe('44: a path that nobody knows goes round no budget', () => {
  it('it holds money, and is refused with 402 where there is none', async () => {
    const left = house.ledger.left;
    const poor = 'tg-a-key-of-a-project-without-money';
    await house.putKey(poor, {
      ...CALLER,
      projectId: 'proj_9',
      keyId: 'key_90',
      status: 'active',
      policy: { passthrough },
    });
    house.ledger.left = 0n;
    try {
      await delay(300);
      expect((await ask('/v1/videos', { key: poor })).status).toBe(402);
      expect(house.upstream.received).toEqual([]);
    } finally {
      house.ledger.left = left;
    }
    expect((await onlyEventOf(await ask('/v1/videos'))).leaseId).toEqual(expect.any(String));
  });

  it('it counts among the requests of a minute', async () => {
    const tried = await Promise.all(
      Array.from({ length: 6 }, async () => (await ask('/v1/videos', { key: 'tg-twice-a-minute' })).status),
    );
    // They may have been made in two minutes.
    expect(tried.filter((status) => status === 429).length).toBeGreaterThanOrEqual(2);
    expect(house.upstream.received.length).toBe(tried.filter((status) => status === 200).length);
  });
});

describe('51: a path that nobody knows leads nowhere else', () => {
  /** As it is: fetch would tidy the path up. */
  const askRaw = (path: string, headers: Record<string, string> = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      const { hostname, port } = new URL(relay.url);
      const sent = {
        hostname,
        port,
        path,
        method: 'POST',
        headers: { authorization: `Bearer ${PERMITTED}`, ...headers },
      };
      request(sent, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end();
    });

  it.each([
    '/api/v4/../../admin',
    '/api/v4/..',
    '/api/v4/./a',
    '/api/v4/.../a',
    '/api/v4/%2e%2e/admin',
    '/api/v4/..%2fadmin',
    '/api/v4/a%2f..%2fb',
    '/api/v4/..;/admin',
    '/api/v4/..\\admin',
    '/api/v4//evil.example/a',
    '//evil.example/api/v4/a',
    'http://evil.example/api/v4/a',
    '/api/v4/@evil.example:80/../a',
    '/api/v4/a/',
    '/api/v4/a%00',
  ])('%s is not forwarded', async (path) => {
    expect([403, 404]).toContain(await askRaw(path));
    expect(house.upstream.received).toEqual([]);
  });

  it('whatever its headers name', async () => {
    const elsewhere = {
      ...{ host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil.example' },
      ...{ 'x-http-method-override': 'DELETE', 'x-tollgate-channel': 'ch_shared' },
    };
    expect(await askRaw('/api/v4/@evil.example:80', elsewhere)).toBe(200);
    const [{ request: sent }] = house.upstream.received as [(typeof house.upstream.received)[0]];
    expect([sent.method, sent.url]).toEqual(['POST', '/below/api/v4/@evil.example:80']);
    expect(JSON.stringify(sent.headers)).not.toContain('evil.example');
  });
});
