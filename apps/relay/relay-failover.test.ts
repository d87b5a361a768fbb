import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { UsageEvent } from '#contracts/usage-event.js';
import { rateUsage } from '#rating/rate-usage.js';
import { CALLER, KEY, RelayHouse, UPSTREAM_KEY, testUpstream, type TestUpstream } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const CHANNELS = ['ch_first', 'ch_second', 'ch_third'] as const;
const HANGS_MS = 1_500;

let house: RelayHouse;
let relay: RunningRelay;
let upstreams: readonly TestUpstream[];

beforeAll(async () => {
  house = await RelayHouse.build();
  upstreams = await Promise.all(CHANNELS.map(() => testUpstream()));
  const described = CHANNELS.map((id, at) => ({
    id,
    provider: 'openai',
    protocol: 'openai-chat',
    baseUrl: upstreams[at]!.url,
    models: ['gpt-4o', 'tried', 'alone'],
    priority: -at,
    timeouts: { firstByteMs: HANGS_MS },
    apiKeyEnv: UPSTREAM_KEY.name,
  }));
  const elsewhere = { ...described[0]!, id: 'ch_nowhere', baseUrl: 'http://127.0.0.1:9', priority: 1 };
  const trial = {
    name: 'a-trial',
    unit: 'key',
    arms: [
      { name: 'as-before', weight: 1e-9 },
      { name: 'the-third', weight: 1, channels: ['ch_third'] },
    ],
  };
  const slow = (id: string, timeouts: object) => ({ ...described[2]!, id, models: [id], timeouts });
  const channels = [
    ...described,
    { ...elsewhere, models: ['elsewhere'] },
    slow('idle', { idleMs: 300 }),
    slow('endless', { totalMs: 500 }),
  ];
  const routes = {
    elsewhere: { models: ['elsewhere', 'gpt-4o'] },
    tried: { experiment: trial },
    alone: { channels: ['ch_first'], rounds: 2 },
    named: { models: ['gpt-4o'] },
  };
  writeFileSync(channelsFile(), JSON.stringify({ channels, routes }));
  relay = await startRelay({ ...house.config, TOLLGATE_CHANNELS_FILE: channelsFile() });
});
beforeEach(() => {
  for (const upstream of upstreams) upstream.answer = well;
});
afterAll(async () => {
  await relay.close();
  for (const upstream of upstreams) await upstream.stop();
  await house.tearDown();
});

const channelsFile = () => join(house.folder, 'failover.json');
const sse = (message: object) => `data: ${JSON.stringify({ model: 'gpt-4o', ...message })}\n\n`;
const piece = sse({ choices: [{ index: 0, delta: { content: 'Good day' }, finish_reason: null }], usage: null });
const last = sse({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null });
const usage = sse({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } });
const DONE = 'data: [DONE]\n\n';

type Behaviour = (request: IncomingMessage, response: ServerResponse) => unknown;

const well: Behaviour = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.end(piece + last + usage + DONE);
};
const error = JSON.stringify({ error: { message: 'Broken', type: 'server_error', param: null, code: null } });
const fails: Behaviour = (_request, response) => {
  response.writeHead(503, { 'content-type': 'application/json' }).end(error);
};
const hangs: Behaviour = () => undefined;
const cuts: Behaviour = async (request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.write(piece);
  await delay(20);
  request.socket.destroy();
};

function post(model = 'gpt-4o', path = '/v1/chat/completions', url = relay.url): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, messages: [] }),
  });
}

/** @returns how many requests failed for their client. */
async function load(ms: number): Promise<number> {
  const startedAt = Date.now();
  let failures = 0;
  const requests: Promise<void>[] = [];
  const request = async () => {
    try {
      const answer = await (await post()).text();
      if (answer !== piece + last + DONE) failures += 1;
    } catch {
      failures += 1;
    }
  };
  while (Date.now() - startedAt < ms) {
    requests.push(request());
    await delay(20);
  }
  await Promise.all(requests);
  return failures;
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 15_000; !(await holds()); await delay(50)) {
    if (Date.now() > deadline) throw new Error(`It did not come to this within 15 s: ${what}.`);
  }
}

const attempts = () => upstreams.reduce((sum, { received }) => sum + received.length, 0);

/** What a price book cannot change: a failed attempt is void, also where nobody knows any price. */
const costs = ({ data }: UsageEvent) => rateUsage(data, undefined).status !== 'voided';

describe('of three channels', () => {
  it.each([
    { fault: 'fails', behaviour: fails, outcome: 'failed' },
    { fault: 'hangs', behaviour: hangs, outcome: 'broken' },
    { fault: 'cuts streams off', behaviour: cuts, outcome: 'broken' },
  ])('one that $fault is isolated within 3 s, and taken back', async ({ fault, behaviour, outcome }) => {
    const [first] = upstreams as [TestUpstream, TestUpstream, TestUpstream];
    for (const { received } of upstreams) received.length = 0;
    const before = (await house.events()).length;

    expect(await load(500)).toBe(0);
    expect(attempts()).toBe(first.received.length);

    first.answer = behaviour;
    const failedFirst = await load(3_000);
    const isolatedAfter = first.received.length;
    // Bytes that a client has cannot be taken back: those streams are cut off for it too.
    const mayFail = fault === 'cuts streams off' ? 10 : 0;
    expect(failedFirst).toBeLessThanOrEqual(mayFail);
    const failedLater = await load(1_000);
    // Nothing but probes.
    expect(first.received.length - isolatedAfter).toBeLessThanOrEqual(2);
    expect(failedLater).toBeLessThanOrEqual(mayFail === 0 ? 0 : 2);

    first.answer = well;
    const probed = first.received.length;
    await until('it is taken back', async () => {
      expect(await load(200)).toBe(0);
      return first.received.length > probed + 10;
    });

    await until('all is on the log', async () => (await house.events()).length - before >= attempts());
    const events = (await house.events()).slice(before);
    // A request that was written to a connection at its end was never received: its attempt is on the log all the same.
    const told = events.map(({ data }) => `${data.requestId} ${data.attempt}`);
    expect(new Set(told).size).toBe(told.length);
    const sent = new Map<unknown, number>();
    for (const { request } of upstreams.flatMap(({ received }) => received)) {
      const number = (sent.get(request.headers['x-request-id']) ?? 0) + 1;
      sent.set(request.headers['x-request-id'], number);
      expect(told).toContain(`${String(request.headers['x-request-id'])} ${number}`);
    }
    const ofFirst = events.filter(({ data }) => data.channelId === 'ch_first' && data.outcome !== 'completed');
    expect(new Set(ofFirst.map(({ data }) => data.outcome))).toEqual(new Set([outcome]));
    if (outcome === 'failed') expect(ofFirst.filter(costs)).toEqual([]);
  });

  it('one that was isolated is taken back in time also when the clock of the machine is set back', async () => {
    const [first] = upstreams as [TestUpstream, TestUpstream, TestUpstream];
    first.answer = fails;
    expect(await load(500)).toBe(0);
    const now = Date.now;
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
    try {
      first.answer = well;
      const probed = first.received.length;
      await until('it is taken back', async () => {
        expect(await load(200)).toBe(0);
        return first.received.length > probed + 10;
      });
    } finally {
      clock.mockRestore();
    }
  });
});

describe('a channel’s timeouts', () => {
  const stalls: Behaviour = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(piece);
  };
  const drips: Behaviour = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    while (!response.destroyed) {
      response.write(piece);
      await delay(50);
    }
  };

  it.each([
    { what: 'is silent for longer than idleMs', model: 'idle', behaviour: stalls },
    { what: 'takes longer than totalMs', model: 'endless', behaviour: drips },
  ])('cut a stream off that $what, and it is broken', async ({ model, behaviour }) => {
    upstreams[2]!.answer = behaviour;
    const response = await post(model);
    await expect(response.text()).rejects.toThrow();
    await until('it is on the log', async () => (await eventsOf(response)).length === 1);
    expect((await eventsOf(response))[0]!.data.outcome).toBe('broken');
  });
});

describe('a request', () => {
  it('whose model has no channel left is answered by the model that its route names, each attempt under its number', async () => {
    const response = await post('elsewhere');
    expect(await response.text()).toBe(piece + last + DONE);
    await until('both attempts are on the log', async () => (await eventsOf(response)).length === 2);
    expect((await eventsOf(response)).map(({ data }) => [data.attempt, data.channelId, data.outcome])).toEqual([
      [1, 'ch_nowhere', 'failed'],
      [2, 'ch_first', 'completed'],
    ]);
    const sent = JSON.parse(upstreams[0]!.received.at(-1)!.body) as { model: string };
    expect(sent.model).toBe('gpt-4o');
  });

  it('that fails everywhere is answered with the last failure, as it came', async () => {
    for (const upstream of upstreams) upstream.answer = fails;
    const response = await post();
    expect([response.status, await response.text()]).toEqual([503, error]);
    await until('all attempts are on the log', async () => (await eventsOf(response)).length === 3);
  });

  it('goes to the next channel where one refuses our own key, and the operator is told why', async () => {
    upstreams[0]!.answer = (_request, response) => {
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: `The key "${UPSTREAM_KEY.value}" has expired` } }));
    };
    const config = { ...house.config, TOLLGATE_RELAY_ID: 'relay-2', TOLLGATE_LOG_LEVEL: 'warn' } as const;
    const telling = await startRelay({ ...config, TOLLGATE_CHANNELS_FILE: channelsFile() });
    const lines: unknown[] = [];
    const stderr = jest.spyOn(process.stderr, 'write').mockImplementation((line) => lines.push(line) > 0);
    const response = await post('gpt-4o', '/v1/chat/completions', telling.url);
    expect(await response.text()).toBe(piece + last + DONE);
    const alone = await post('alone', '/v1/chat/completions', telling.url);
    expect([alone.status, await alone.json()]).toMatchObject([502, { error: { code: 'upstream_refused' } }]);
    await telling.close();
    stderr.mockRestore();
    expect(lines.join('')).toContain('does not accept our access (401): The key \\"(the secret)\\" has expired');
  });

  it('is sent again to a channel that asks for a moment, after that moment', async () => {
    let asked = 0;
    upstreams[0]!.answer = (request, response) => {
      asked += 1;
      if (asked > 1) return well(request, response);
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': '300' }).end(error);
    };
    const startedAt = Date.now();
    expect(await (await post('alone')).text()).toBe(piece + last + DONE);
    expect([asked, Date.now() - startedAt >= 300]).toEqual([2, true]);
  });

  it('is in the arm of the experiment that its event tells', async () => {
    const response = await post('tried');
    await response.text();
    await until('it is on the log', async () => (await eventsOf(response)).length === 1);
    expect((await eventsOf(response))[0]!.data).toMatchObject({
      channelId: 'ch_third',
      experiment: { name: 'a-trial', arm: 'the-third' },
    });
  });

  it('can be asked where it would go: nothing is sent', async () => {
    const before = attempts();
    const response = await post('tried', '/route/v1/chat/completions');
    expect(await response.json()).toMatchObject({
      strategy: 'priority',
      experiment: { name: 'a-trial', arm: 'the-third' },
      candidates: [
        { channel: 'ch_third', turn: 1, breaker: 'closed' },
        { channel: 'ch_first', turn: null, why: 'The route of the model names other channels.' },
        { channel: 'ch_second', turn: null },
      ],
    });
    expect(attempts()).toBe(before);
  });
});

async function eventsOf(response: Response): Promise<UsageEvent[]> {
  const requestId = response.headers.get('x-request-id');
  const events = (await house.events()).filter(({ data }) => data.requestId === requestId);
  return events.sort((a, b) => a.data.attempt - b.data.attempt);
}

it('a route none of whose models is permitted is forbidden, and not said to be unknown', async () => {
  const key = 'tg-not-gpt-4o';
  const policy = { models: { deny: ['gpt-4o'] } };
  await house.putKey(key, { ...CALLER, keyId: 'key_denied', status: 'active', policy });
  await delay(300);
  const response = await fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'named', messages: [{ role: 'user', content: 'Hello' }] }),
  });
  expect([response.status, await response.json()]).toMatchObject([
    403,
    { error: { message: expect.stringMatching(/^The policy of key "key_denied" \(models\.deny\)/) } },
  ]);
});
