import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import OpenAI from 'openai';
import { CALLER, KEY, RelayHouse, UPSTREAM_KEY } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => void (house.upstream.received.length = 0));

const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const answer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'gpt-4o-2024-11-20',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' }],
  usage,
};
const sse = (message: object) => `data: ${JSON.stringify(message)}\n\n`;
const chunk = (delta: object, finish: string | null = null) => {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return sse({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'gpt-4o-2024-11-20',
    choices,
    usage: null,
  });
};
const openaiStream = [chunk({ role: 'assistant', content: 'Good ' }), chunk({ content: 'day' }), chunk({}, 'stop')];
const usageChunk = sse({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-4o-2024-11-20',
  choices: [],
  usage,
});
const DONE = 'data: [DONE]\n\n';

const typed = (message: { type: string }) => `event: ${message.type}\n${sse(message)}`;
const anthropicMessage = { id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-sonnet-5-20260210' };
const anthropicStream = [
  typed({
    type: 'message_start',
    message: { ...anthropicMessage, content: [], stop_reason: null, usage: { input_tokens: 12, output_tokens: 1 } },
  } as { type: string }),
  typed({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } } as { type: string }),
  typed({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Good day' } } as { type: string }),
  typed({ type: 'content_block_stop', index: 0 } as { type: string }),
  typed({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 7 } } as { type: string }),
  typed({ type: 'message_stop' }),
];

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendStream(response: ServerResponse, events: readonly string[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) response.write(event);
  response.end();
}

interface Call {
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

function post({ path = '/v1/chat/completions', headers = {}, body = {}, signal }: Call = {}): Promise<Response> {
  return fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify({ model: 'gpt-4o', messages: [], ...(body as object) }),
    ...(signal && { signal }),
  });
}

const requestIdOf = (response: Response) => response.headers.get('x-request-id');

async function onlyEventOf(response: Response) {
  const [event, ...more] = await house.eventsOf(requestIdOf(response));
  expect(more).toEqual([]);
  return event!;
}

describe('a relayed answer', () => {
  it('passes untouched, and its usage is on the log under the caller of the key', async () => {
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    const response = await post();
    expect(await response.text()).toBe(JSON.stringify(answer));
    expect(await onlyEventOf(response)).toMatchObject({
      org: CALLER.orgId,
      data: {
        ...{ keyId: CALLER.keyId, teamId: CALLER.teamId, projectId: CALLER.projectId },
        ...{ channelId: 'ch_openai', attempt: 1, outcome: 'completed', httpStatus: 200 },
        usage: {
          requestedModel: 'gpt-4o',
          servedModel: 'gpt-4o-2024-11-20',
          segments: [{ in: { fresh: { text: 9 } }, out: { text: 4 } }],
          completeness: 'final',
        },
      },
    });
  });

  it('of a stream comes without the usage chunk that the client did not ask for, every other byte as it was', async () => {
    house.upstream.answer = (_request, response) => sendStream(response, [...openaiStream, usageChunk, DONE]);
    const response = await post({ body: '{"model":"gpt-4o","seed":12345678901234567890,"stream":true}' });
    expect(await response.text()).toBe([...openaiStream, DONE].join(''));
    expect(house.upstream.received[0]?.body).toBe(
      '{"stream_options":{"include_usage":true},"model":"gpt-4o","seed":12345678901234567890,"stream":true}',
    );
    expect((await onlyEventOf(response)).data).toMatchObject({
      outcome: 'completed',
      usage: { completeness: 'final' },
    });
  });

  it('of a stream keeps the usage chunk that the client asked for', async () => {
    house.upstream.answer = (_request, response) => sendStream(response, [...openaiStream, usageChunk, DONE]);
    const body = { stream: true, stream_options: { include_usage: true } };
    expect(await (await post({ body })).text()).toBe([...openaiStream, usageChunk, DONE].join(''));
    expect(JSON.parse(house.upstream.received[0]?.body ?? '')).toMatchObject(body);
  });

  it('reaches the client event by event, before the upstream has ended', async () => {
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(openaiStream[0]);
      await asked;
      response.end(openaiStream.slice(1).join('') + usageChunk + DONE);
    };
    const response = await post({ body: { stream: true } });
    const reader = response.body!.getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe(openaiStream[0]);
    goOn();
    while (!(await reader.read()).done);
  });

  it('of Anthropic passes untouched, also without /v1 and with the key in x-api-key', async () => {
    house.upstream.answer = (_request, response) => sendStream(response, anthropicStream);
    const headers = { authorization: '', 'x-api-key': KEY };
    const response = await post({
      path: '/messages?beta=true',
      headers,
      body: { model: 'claude-sonnet-5', stream: true },
    });
    expect(await response.text()).toBe(anthropicStream.join(''));
    expect(house.upstream.received[0]?.request.url).toBe('/v1/messages?beta=true');
    expect((await onlyEventOf(response)).data.usage).toMatchObject({
      segments: [{ in: { fresh: { text: 12 } }, out: { text: 7 } }],
      completeness: 'final',
    });
  });

  it.each(['gzip', 'GZIP', 'x-gzip'])(
    'that is compressed (%s) although nobody asked for it is passed on, and still read',
    async (coding) => {
      house.upstream.answer = (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': coding });
        response.end(gzipSync(JSON.stringify(answer)));
      };
      const response = await post();
      expect(await response.json()).toEqual(answer);
      expect((await onlyEventOf(response)).data.usage.completeness).toBe('final');
    },
  );

  it('of a stream hides the usage chunk also where the upstream writes Identity', async () => {
    house.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'Identity' });
      response.end([...openaiStream, usageChunk, DONE].join(''));
    };
    const response = await post({ body: { stream: true } });
    expect(await response.text()).toBe([...openaiStream, DONE].join(''));
  });

  it('that is an error passes with its status and body, and is failed', async () => {
    const error = { error: { message: 'Slow down', type: 'rate_limit_error', param: null, code: 'rate_limit' } };
    house.upstream.answer = (_request, response) => sendJson(response, error, 429);
    const response = await post();
    expect([response.status, await response.json()]).toEqual([429, error]);
    expect((await onlyEventOf(response)).data).toMatchObject({
      outcome: 'failed',
      httpStatus: 429,
      usage: { completeness: 'missing', segments: [] },
    });
  });

  it('that cannot be had is a 502 in the protocol’s shape, and failed', async () => {
    const response = await post({ body: { model: 'nowhere' } });
    expect([response.status, await response.json()]).toMatchObject([502, { error: { code: 'upstream_unreachable' } }]);
    const { data } = await onlyEventOf(response);
    expect(data).toMatchObject({ outcome: 'failed', usage: { completeness: 'missing' } });
    expect(data.httpStatus).toBeUndefined();
  });

  it.each([401, 402, 403])('that refuses our own key with %i is a 502 of our own, and failed', async (status) => {
    const message = `Incorrect key sk-of-the-up**: org-ours owes $5.`;
    house.upstream.answer = (_request, response) => sendJson(response, { error: { message } }, status);
    for (const [path, model, shape] of [
      ['/v1/chat/completions', 'gpt-4o', { error: { type: 'server_error', code: 'upstream_refused' } }],
      ['/v1/messages', 'gpt-4o', { type: 'error', error: { type: 'api_error' } }],
    ] as const) {
      const response = await post({ path, body: { model, stream: true, max_tokens: 5 } });
      const told = await response.text();
      expect([response.status, JSON.parse(told)]).toMatchObject([502, shape]);
      expect(told).not.toMatch(/sk-of|org-ours|\$5/);
      expect((await onlyEventOf(response)).data).toMatchObject({ outcome: 'failed', httpStatus: status });
    }
  });

  it('that never came although the request went out is broken: the upstream may bill it', async () => {
    house.upstream.answer = (request) => request.socket.destroy();
    const response = await post();
    expect(response.status).toBe(502);
    expect((await onlyEventOf(response)).data).toMatchObject({ outcome: 'broken', usage: { completeness: 'missing' } });
  });

  it('waits upstream while the client does not take it: nothing is buffered beyond the sockets', async () => {
    let written = 0;
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const block = chunk({ content: 'x'.repeat(64 * 1024) });
      while (written < 64 * 1024 * 1024 && !response.destroyed) {
        written += block.length;
        if (!response.write(block))
          await Promise.race([new Promise((resolve) => response.once('drain', resolve)), delay(2_000)]);
        if (written > 40 * 1024 * 1024) break;
      }
      response.end(usageChunk + DONE);
    };
    const response = await post({ body: { stream: true } });
    await delay(500);
    expect(written).toBeLessThan(24 * 1024 * 1024);
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(39 * 1024 * 1024);
    expect((await onlyEventOf(response)).data.outcome).toBe('completed');
  });
});

describe('the official SDKs', () => {
  it('of OpenAI work, streaming and not', async () => {
    const client = new OpenAI({ apiKey: KEY, baseURL: `${relay.url}/v1`, maxRetries: 0 });
    const ask = { model: 'gpt-4o', messages: [{ role: 'user' as const, content: 'hi' }] };
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    const whole = await client.chat.completions.create(ask);
    expect([whole.choices[0]?.message.content, whole.usage?.total_tokens]).toEqual(['Good day', 13]);

    house.upstream.answer = (_request, response) => sendStream(response, [...openaiStream, usageChunk, DONE]);
    let text = '';
    for await (const part of await client.chat.completions.create({ ...ask, stream: true })) {
      text += part.choices[0]!.delta.content ?? '';
    }
    expect(text).toBe('Good day');
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['gpt-4o', 'claude-sonnet-5', 'nowhere']);
    await expect(client.chat.completions.create({ ...ask, model: 'gpt-9' })).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
  });

  it('of Anthropic work, streaming and not', async () => {
    const client = new Anthropic({ apiKey: KEY, baseURL: relay.url, maxRetries: 0 });
    const ask = { model: 'claude-sonnet-5', max_tokens: 20, messages: [{ role: 'user' as const, content: 'hi' }] };
    const content = [{ type: 'text', text: 'Good day' }];
    house.upstream.answer = (_request, response) =>
      sendJson(response, {
        ...anthropicMessage,
        content,
        stop_reason: 'end_turn',
        usage: { input_tokens: 12, output_tokens: 7 },
      });
    expect((await client.messages.create(ask)).content).toMatchObject(content);

    house.upstream.answer = (_request, response) => sendStream(response, anthropicStream);
    const final = await client.messages.stream(ask).finalMessage();
    expect([final.content, final.usage.output_tokens]).toMatchObject([content, 7]);
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(['gpt-4o', 'claude-sonnet-5', 'nowhere']);
    await expect(client.messages.create({ ...ask, model: 'claude-9' })).rejects.toThrow(Anthropic.NotFoundError);
  });
});

describe('known faults', () => {
  it('1: a client that leaves mid-stream is billed exactly what the upstream used', async () => {
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of [...openaiStream, usageChunk, DONE]) {
        response.write(event);
        await delay(50);
      }
      response.end();
    };
    const abort = new AbortController();
    const response = await post({ body: { stream: true }, signal: abort.signal });
    await response.body!.getReader().read();
    abort.abort();
    expect((await onlyEventOf(response)).data).toMatchObject({
      outcome: 'aborted',
      usage: { completeness: 'final', segments: [{ in: { fresh: { text: 9 } }, out: { text: 4 } }] },
    });
  });

  it('2: a client that leaves before a whole answer is billed it all the same', async () => {
    const before = (await house.events()).length;
    house.upstream.answer = async (_request, response) => {
      await delay(300);
      sendJson(response, answer);
    };
    const abort = new AbortController();
    const call = post({ signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(call).rejects.toThrow();
    for (let waitedMs = 0; (await house.events()).length === before && waitedMs < 5_000; waitedMs += 50)
      await delay(50);
    const event = (await house.events()).at(-1);
    expect(event?.data).toMatchObject({ outcome: 'aborted', usage: { completeness: 'final' } });
  });

  it('2: a client that leaves while its second request waits behind the first is billed both', async () => {
    const before = (await house.events()).length;
    house.upstream.answer = async (_request, response, body) => {
      if (body.includes('slow')) await delay(1_000);
      sendJson(response, { ...answer, padding: body.includes('slow') ? '' : 'x'.repeat(8 * 1024 * 1024) });
    };
    const socket = connect(Number(new URL(relay.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    for (const user of ['slow', 'large']) {
      const body = JSON.stringify({ model: 'gpt-4o', messages: [], user });
      const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer ${KEY}\r\n`;
      socket.write(`${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
    }
    await delay(500);
    socket.destroy();
    for (let waitedMs = 0; (await house.events()).length < before + 2 && waitedMs < 5_000; waitedMs += 50)
      await delay(50);
    expect((await house.events()).slice(before).map(({ data }) => [data.outcome, data.usage.completeness])).toEqual([
      ['aborted', 'final'],
      ['aborted', 'final'],
    ]);
  });

  it('3: an upstream that breaks off mid-stream leaves the usage that it told', async () => {
    house.upstream.answer = async (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(anthropicStream.slice(0, 3).join(''));
      await delay(50);
      request.socket.destroy();
    };
    const response = await post({ path: '/v1/messages', body: { model: 'claude-sonnet-5', stream: true } });
    await expect(response.text()).rejects.toThrow();
    expect((await onlyEventOf(response)).data).toMatchObject({
      outcome: 'broken',
      usage: { completeness: 'estimated', estimated: ['out'], segments: [{ in: { fresh: { text: 12 } } }] },
    });
  });

  it('10: an event counts as published only when the broker has it, and the relay serves on without the broker', async () => {
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    await house.nats.kill();
    const responses = [await post(), await post(), await post()];
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
    await house.nats.restart();
    for (const response of responses) await onlyEventOf(response);
  });

  it('45: headers of the client change neither the identity nor the billing of its request', async () => {
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    const headers = {
      'x-request-id': '00000000-0000-7000-8000-000000000000',
      'openai-organization': 'org-of-someone-else',
      'x-tollgate-org': 'someone-else',
      'idempotency-key': 'the same',
      'nats-msg-id': 'the same',
    };
    const [first, second] = [await post({ headers }), await post({ headers })];
    const events = [await onlyEventOf(first), await onlyEventOf(second)];
    expect(new Set([...events.map(({ id }) => id), requestIdOf(first), requestIdOf(second)]).size).toBe(4);
    expect(events.map(({ org }) => org)).toEqual([CALLER.orgId, CALLER.orgId]);
    expect(house.upstream.received[0]?.request.headers).not.toHaveProperty('openai-organization');
  });

  it('48: a prefix of a key, or a key with more after it, is another key', async () => {
    for (const key of [KEY.slice(0, -1), `${KEY}x`, KEY.toUpperCase()]) {
      expect((await post({ headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
    }
  });

  it('51: the client’s key never reaches the upstream, nor the upstream’s the client', async () => {
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    const headers = { cookie: 'session=1', 'x-goog-api-key': KEY, 'x-kept': 'yes' };
    const response = await post({ path: `/v1/chat/completions?key=${KEY}`, headers });
    const { request } = house.upstream.received[0]!;
    expect(JSON.stringify([request.url, request.headers])).not.toContain(KEY);
    expect(request.headers).toMatchObject({ authorization: `Bearer ${UPSTREAM_KEY.value}`, 'x-kept': 'yes' });
    expect(request.headers).not.toHaveProperty('cookie');
    expect(JSON.stringify([...response.headers])).not.toContain(UPSTREAM_KEY.value);
  });

  it('57: a huge body, a compressed one and an endless header are refused', async () => {
    const huge = await post({ body: `{"model":"gpt-4o","messages":"${'x'.repeat(33 * 1024 * 1024)}"}` });
    expect([huge.status, await huge.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
    expect((await post({ headers: { 'content-encoding': 'gzip' }, body: 'x' })).status).toBe(415);
    const endless = await sendRaw(`POST /v1/messages HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(endless).toContain('431 Request Header Fields Too Large');
    expect(endless).toContain('"message":"The request headers are larger than 16 KiB: send less."');
  });
});

/** Sends bytes as they are, and returns all that comes back. */
async function sendRaw(bytes: string): Promise<string> {
  const { hostname, port } = new URL(relay.url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  let text = '';
  for await (const part of socket) text += String(part);
  return text;
}

describe('a request that is refused', () => {
  const openai = (type: string, code: string, param: string | null = null) => ({ error: { type, code, param } });
  const anthropic = (type: string) => ({ type: 'error', error: { type } });

  it.each<[string, Call, number, object]>([
    ['malformed JSON', { body: '{"model":' }, 400, openai('invalid_request_error', 'invalid_request_error')],
    ['JSON that is no object', { body: '[]' }, 400, openai('invalid_request_error', 'invalid_request_error')],
    ['no body', { body: '' }, 400, openai('invalid_request_error', 'invalid_request_error')],
    ['no model', { body: '{}' }, 400, openai('invalid_request_error', 'invalid_request_error', 'model')],
    [
      'an unknown model',
      { body: { model: 'gpt-9' } },
      404,
      openai('invalid_request_error', 'model_not_found', 'model'),
    ],
    ['an unknown model', { path: '/v1/messages', body: { model: 'gpt-9' } }, 404, anthropic('not_found_error')],
    [
      'what another protocol cannot say',
      { path: '/v1/messages', body: { top_k: 5 } },
      400,
      anthropic('invalid_request_error'),
    ],
    [
      'a wrong content type',
      { headers: { 'content-type': 'text/plain' } },
      415,
      openai('invalid_request_error', 'unsupported_media_type'),
    ],
    [
      'JSON that is not UTF-8',
      { headers: { 'content-type': 'application/json; charset="utf-7"' } },
      415,
      openai('invalid_request_error', 'unsupported_media_type'),
    ],
    [
      'two models',
      { body: '{"model":"gpt-4o","model":"gpt-4o"}' },
      400,
      openai('invalid_request_error', 'invalid_request_error', 'model'),
    ],
    [
      'a stream that is neither true nor false',
      { body: { stream: 1 } },
      400,
      openai('invalid_request_error', 'invalid_request_error', 'stream'),
    ],
    [
      'a response in the background',
      { path: '/v1/responses', body: { background: true } },
      400,
      openai('invalid_request_error', 'invalid_request_error', 'background'),
    ],
    ['a wrong key', { headers: { authorization: 'Bearer x' } }, 401, openai('authentication_error', 'invalid_api_key')],
    ['no key', { path: '/messages', headers: { authorization: '' } }, 401, anthropic('authentication_error')],
    ['an unknown path', { path: '/v1/fine_tuning/jobs' }, 404, openai('invalid_request_error', 'not_found')],
  ])('for %s says so in its protocol’s shape, and nothing is booked', async (_name, call, status, shape) => {
    const before = (await house.events()).length;
    const response = await post(call);
    const body = (await response.json()) as { request_id?: string };
    expect([response.status, body]).toMatchObject([status, shape]);
    expect(requestIdOf(response)).toMatch(/^[0-9a-f-]{36}$/);
    if (body.request_id !== undefined) expect(body.request_id).toBe(requestIdOf(response));
    await delay(50);
    expect([(await house.events()).length, house.upstream.received.length]).toEqual([before, 0]);
  });

  it('for a model whose channels do not serve the endpoint is told what they serve', async () => {
    const response = await post({ path: '/v1/embeddings', body: { model: 'claude-sonnet-5' } });
    expect(await response.text()).toContain('It is through anthropic-messages.');
  });

  it('for a key that was revoked or has expired is refused within a second', async () => {
    house.upstream.answer = (_request, response) => sendJson(response, answer);
    const headers = { authorization: 'Bearer tg-short-lived' };
    const statusBecomes = async (status: number) => {
      for (let waitedMs = 0; (await post({ headers })).status !== status; waitedMs += 20) {
        if (waitedMs > 1_000) throw new Error(`The status did not become ${status}.`);
        await delay(20);
      }
    };
    await house.putKey('tg-short-lived', { ...CALLER, status: 'active' });
    await statusBecomes(200);
    await house.putKey('tg-short-lived', { ...CALLER, status: 'revoked' });
    await statusBecomes(401);
    await house.putKey('tg-short-lived', { ...CALLER, status: 'active' });
    await statusBecomes(200);
    await house.putKey('tg-short-lived', { ...CALLER, status: 'active', expiresAt: '2020-01-01T00:00:00.000Z' });
    await statusBecomes(401);
  });
});

describe('a relay that stops', () => {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [] });
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer ${KEY}\r\n`;
  const half = `${head}content-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 9)}`;

  it.each([
    {
      client: 'sends the rest of its request late',
      rest: body.slice(9),
      told: /^HTTP\/1.1 503 [^]*connection: close/i,
    },
    { client: 'never sends the rest of its request', rest: '', told: /^$/ },
  ])('is not held by a client that $client', async ({ rest, told }) => {
    house.upstream.answer = (_request, response) => delay(500).then(() => sendJson(response, answer));
    const other = await startRelay({ ...house.config, TOLLGATE_RELAY_ID: 'relay-2' });
    const socket = connect(Number(new URL(other.url).port), '127.0.0.1');
    let received = '';
    socket.on('data', (data) => (received += String(data))).on('error', () => undefined);
    socket.write(half);
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const inFlight = fetch(`${other.url}/v1/chat/completions`, { method: 'POST', headers, body });
    await delay(200);
    const closed = other.close().then(() => 'closed');
    socket.write(rest);
    expect(await (await inFlight).json()).toEqual(answer);
    expect(await Promise.race([closed, delay(5_000, 'held', { ref: false })])).toBe('closed');
    expect(received).toMatch(told);
    socket.destroy();
  });
});

describe('health', () => {
  it('is live and ready', async () => {
    expect((await fetch(`${relay.url}/healthz`)).status).toBe(200);
    expect(await (await fetch(`${relay.url}/readyz`)).json()).toEqual({
      status: 'ok',
      checks: { snapshots: true, journal: true },
    });
  });
});
