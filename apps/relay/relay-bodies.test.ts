import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, fetch, type RequestInit } from 'undici';
import { KEY, RelayHouse, type TestUpstream } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const MIB = 1024 * 1024;
/** Two of these are more than the relay may hold. */
const LARGE = 'x'.repeat(17 * MIB);

let house: RelayHouse;
let relay: RunningRelay;
beforeAll(async () => {
  house = await RelayHouse.build();
  const file = join(house.folder, 'bodies.json');
  const at = { adapter: 'openai', baseUrl: house.upstream.url };
  const channels = [
    { ...at, id: 'drained', models: ['gpt-4o', 'claude'], whenClientLeaves: 'drain' },
    { ...at, id: 'nowhere', baseUrl: 'http://127.0.0.1:9', models: ['nowhere'] },
  ];
  writeFileSync(file, JSON.stringify({ channels }));
  relay = await startRelay({ ...house.config, TOLLGATE_CHANNELS_FILE: file, TOLLGATE_BODY_MEMORY_MIB: 32 });
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => {
  house.upstream.answer = answers;
});

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const answers: TestUpstream['answer'] = (_request, response) =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ id: '1', object: 'chat.completion', model: 'gpt-4o', choices: [], usage }));

/** The upstream has the whole request and answers when it is told to. */
function heldAnswers(): { reached: Promise<void>; goOn: () => void } {
  let [reach, goOn] = [() => {}, () => {}];
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const told = new Promise<void>((resolve) => (goOn = resolve));
  house.upstream.answer = async (request, response, body) => {
    reach();
    await told;
    answers(request, response, body);
  };
  return { reached, goOn };
}

const bodyOf = (more: object = {}) =>
  JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: LARGE }], ...more });
const post = (body: NonNullable<RequestInit['body']>, more: RequestInit = {}, path = '/v1/chat/completions') =>
  fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body,
    ...more,
  });

/** Without a length, as a stream that is made on the way comes. */
const chunked = (body: string) => ({
  // eslint-disable-next-line @typescript-eslint/require-await -- a body that is iterated is so asynchronously
  async *[Symbol.asyncIterator]() {
    for (let at = 0; at < body.length; at += MIB) yield Buffer.from(body.slice(at, at + MIB));
  },
});
const postChunked = (body: string) => post(chunked(body), { duplex: 'half' });

/** A request that broke off in the middle of its body. */
async function leaveWhileSending(head: string): Promise<void> {
  const { port, hostname } = new URL(relay.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const start = `POST /v1/chat/completions HTTP/1.1\r\nhost: relay\r\nauthorization: Bearer ${KEY}\r\n`;
  socket.write(`${start}content-type: application/json\r\n${head}`);
  await delay(300);
  socket.destroy();
  await delay(100);
}

describe('the bodies of all requests', () => {
  it.each([
    ['/v1/chat/completions', { error: { type: 'server_error', code: 'unavailable' } }],
    ['/v1/messages', { type: 'error', error: { type: 'overloaded_error' } }],
    ['/v1beta/models/gpt-4o:generateContent', { error: { code: 503, status: 'UNAVAILABLE' } }],
  ])('have one bound while they are held, also upstream; %s is told to come back', async (path, shape) => {
    const { reached, goOn } = heldAnswers();
    const first = post(bodyOf());
    await reached;
    const sent = house.upstream.received.length;
    const second = await post(bodyOf(), {}, path);
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await second.json()).toMatchObject(shape);
    expect((await postChunked(bodyOf())).status).toBe(503);
    expect(house.upstream.received.length).toBe(sent);
    // What is small fits beside it.
    const small = post(JSON.stringify({ model: 'gpt-4o', messages: [] }));
    goOn();
    expect([(await first).status, (await small).status]).toEqual([200, 200]);
  });

  it('are refused on the way without keeping the next request of their connection', async () => {
    const { reached, goOn } = heldAnswers();
    const first = post(bodyOf());
    await reached;
    const client = new Client(relay.url);
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    // What is left of it when it is refused fits into the buffers of the socket: the client has sent it all.
    const body = Readable.from(chunked(bodyOf()));
    const refused = await client.request({ path: '/v1/chat/completions', method: 'POST', headers, body });
    await refused.body.dump();
    const next = await client.request({ path: '/healthz', method: 'GET' });
    expect([refused.statusCode, next.statusCode]).toEqual([503, 200]);
    await next.body.dump();
    await client.close();
    goOn();
    expect((await first).status).toBe(200);
  });

  it('are held as far as they have come: who announces one and does not send it keeps nobody out', async () => {
    const sent = leaveWhileSending(`content-length: ${32 * MIB}\r\n\r\n{"model":`);
    await delay(100);
    expect((await post(bodyOf())).status).toBe(200);
    await sent;
  });

  it.each<[string, () => Promise<unknown>]>([
    ['was answered', () => post(bodyOf())],
    ['came without a length', () => postChunked(bodyOf())],
    ['was no JSON', () => post('x'.repeat(17 * MIB))],
    ['named no model that is served', () => post(bodyOf({ model: 'unknown' }))],
    ['was only explained', () => post(bodyOf(), {}, '/route/v1/chat/completions')],
    ['could not be sent upstream', () => post(bodyOf({ model: 'nowhere' }))],
    [
      'was refused upstream',
      () => ((house.upstream.answer = (_, response) => response.writeHead(500).end()), post(bodyOf())),
    ],
    ['was too long on its way', () => postChunked(bodyOf({ more: LARGE })).catch(() => undefined)],
    ['broke off in its body', () => leaveWhileSending(`content-length: ${17 * MIB}\r\n\r\n{"model":`)],
    [
      'broke off in a chunk',
      () => leaveWhileSending(`transfer-encoding: chunked\r\n\r\n1100000\r\n${LARGE.slice(MIB)}`),
    ],
    [
      'was left by its client, once its answer has been read',
      async () => {
        const { reached, goOn } = heldAnswers();
        const leaving = new AbortController();
        const asked = post(bodyOf(), { signal: leaving.signal }).catch(() => 'left');
        await reached;
        leaving.abort();
        expect(await asked).toBe('left');
        await delay(100);
        // It may be sent again: it is held.
        expect((await post(bodyOf())).status).toBe(503);
        goOn();
        await delay(300);
      },
    ],
  ])('are given back after one that %s', async (_what, ask) => {
    for (const _ of [1, 2]) await ask();
    house.upstream.answer = answers;
    expect((await post(bodyOf())).status).toBe(200);
  });
});
