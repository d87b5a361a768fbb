import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CALLER, RelayHouse } from '#apps/relay/relay.fixture.js';
import { type RunningRelay, startRelay } from '#apps/relay/start-relay.js';
import { chatApis, type ChatApi } from '#protocols/chat/chat-api.js';
import { inputTokens, outputTokens } from '#usage/usage.js';
import { answers } from './own-answers.js';
import { streams } from './own-streams.js';
import { apiKey, askWithAll, officialSdk, readWithAi } from './sdk-answer.js';

const adapters: Readonly<Record<ChatApi, { adapter: string; apis: readonly ChatApi[] }>> = {
  'openai-chat': { adapter: 'openai', apis: ['openai-chat'] },
  'openai-responses': { adapter: 'openai', apis: ['openai-responses'] },
  'anthropic-messages': { adapter: 'anthropic', apis: ['anthropic-messages'] },
  gemini: { adapter: 'gemini', apis: ['gemini'] },
};

let house: RelayHouse;
/** One to each protocol of its upstream. */
const relays = new Map<ChatApi, RunningRelay>();

beforeAll(async () => {
  house = await RelayHouse.build();
  await house.putKey(apiKey, { ...CALLER, status: 'active' });
  for (const api of chatApis) {
    const file = join(house.folder, `${api}.json`);
    const channel = {
      id: `ch_${api}`,
      ...adapters[api],
      baseUrl: house.upstream.url,
      models: { 'a-model': 'upstream' },
    };
    writeFileSync(file, JSON.stringify({ channels: [channel] }));
    const config = { ...house.config, TOLLGATE_CHANNELS_FILE: file, TOLLGATE_RELAY_ID: `relay-${api}` };
    relays.set(api, await startRelay(config));
  }
});
afterAll(async () => {
  for (const relay of relays.values()) await relay.close();
  await house.tearDown();
});

function answerWith(type: string, body: string): void {
  house.upstream.answer = (_request, response) => response.writeHead(200, { 'content-type': type }).end(body);
}

/** The tokens of every event since there were `before`: one for each call. */
async function meteredSince(before: number, calls: number): Promise<readonly (readonly [number, number])[]> {
  let events = (await house.events()).slice(before);
  for (let waitedMs = 0; events.length < calls && waitedMs < 10_000; waitedMs += 20) {
    await delay(20);
    events = (await house.events()).slice(before);
  }
  return events.map(({ data }) => {
    const [segment] = data.usage.segments;
    return segment === undefined ? [0, 0] : [inputTokens(segment), outputTokens(segment)];
  });
}

describe.each(chatApis)('a model that is reached through %s', (api) => {
  it.each(streams[api])('streams $name to every SDK, each call metered once', async ({ body, answer }) => {
    const { url } = relays.get(api)!;
    answerWith('text/event-stream', body);
    const before = (await house.events()).length;
    const toolNames = answer.toolCalls.map(({ name }) => name);
    for (const client of chatApis) {
      expect({ client, ...(await officialSdk[client](url)) }).toEqual({ client, ...answer });
      expect({ client, ...(await readWithAi(client, url, toolNames)) }).toEqual({ client, ...answer });
    }
    // What the upstream told is metered, whatever the client was told. OpenAI’s cut off stream tells nothing.
    const told = body.includes('usage') ? [9, 5] : undefined;
    const metered = await meteredSince(before, 2 * chatApis.length);
    expect(metered).toHaveLength(2 * chatApis.length);
    if (told !== undefined) expect(metered).toEqual(metered.map(() => told));
  });

  it('answers every SDK as a whole, asked with an image and a tool', async () => {
    const { url } = relays.get(api)!;
    answerWith('application/json', answers[api]);
    const before = (await house.events()).length;
    house.upstream.received.length = 0;
    for (const client of chatApis) {
      const { text, toolCalls } = await askWithAll[client](url);
      expect({ client, text, toolCalls }).toEqual({
        client,
        text: 'Let me look.',
        toolCalls: [{ name: 'weather', input: { city: 'Zürich' } }],
      });
    }
    expect(await meteredSince(before, chatApis.length)).toEqual(chatApis.map(() => [9, 5]));
    for (const { body } of house.upstream.received) {
      expect(body).toContain('iVBORw0KGgo');
      expect(body).toContain('"weather"');
    }
  });
});

describe('a converted call', () => {
  const ask = (body: object, { headers = {}, signal }: { headers?: object; signal?: AbortSignal } = {}) =>
    fetch(`${relays.get('anthropic-messages')!.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ model: 'a-model', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 20, ...body }),
      ...(signal && { signal }),
    });
  const events = streams['anthropic-messages'][0]!.body.split(/(?<=\n\n)/);
  const onlyEventOf = async (response: Response) => {
    const [event, ...more] = await house.eventsOf(response.headers.get('x-request-id'));
    expect(more).toEqual([]);
    return event!.data;
  };
  const final = { completeness: 'final', segments: [{ in: { fresh: { text: 9 } }, out: { text: 5 } }] };

  it('reaches the client event by event, before the upstream has ended', async () => {
    let goOn = () => {};
    const asked = new Promise<void>((resolve) => (goOn = resolve));
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(events.slice(0, 4).join(''));
      await asked;
      response.end(events.slice(4).join(''));
    };
    const response = await ask({ stream: true });
    const reader = response.body!.getReader();
    let told = '';
    while (!told.includes('Grüße')) told += Buffer.from((await reader.read()).value ?? []).toString();
    goOn();
    while (!(await reader.read()).done);
    expect((await onlyEventOf(response)).usage).toMatchObject(final);
  });

  it('that its client leaves is billed what the upstream used', async () => {
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const event of events) {
        response.write(event);
        await delay(30);
      }
      response.end();
    };
    const abort = new AbortController();
    const response = await ask({ stream: true }, { signal: abort.signal });
    await response.body!.getReader().read();
    abort.abort();
    expect(await onlyEventOf(response)).toMatchObject({ outcome: 'aborted', usage: final });
  });

  it('that its upstream breaks off breaks off for the client, and is not final', async () => {
    house.upstream.answer = async (request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(events.slice(0, 4).join(''));
      await delay(50);
      request.socket.destroy();
    };
    const response = await ask({ stream: true });
    await expect(response.text()).rejects.toThrow();
    const { outcome, usage } = await onlyEventOf(response);
    expect(outcome).toBe('broken');
    expect(usage.completeness).not.toBe('final');
  });

  it('that is refused upstream is refused in the client’s shape, with the same status', async () => {
    const error = { type: 'error', error: { type: 'rate_limit_error', message: 'Slow down' } };
    house.upstream.answer = (_request, response) =>
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '7' }).end(JSON.stringify(error));
    const response = await ask({ stream: true });
    expect([response.status, response.headers.get('retry-after')]).toEqual([429, '7']);
    expect(await response.json()).toMatchObject({ error: { message: 'Slow down' } });
    expect(await onlyEventOf(response)).toMatchObject({ outcome: 'failed', usage: { completeness: 'missing' } });
  });

  it('that cannot be said is refused before it is sent, unless the client allows drops and is told of them', async () => {
    house.upstream.received.length = 0;
    answerWith('application/json', answers['anthropic-messages']);
    const refused = await ask({ seed: 7 });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'seed' } }]);
    expect(house.upstream.received).toEqual([]);
    const allowed = await ask({ seed: 7 }, { headers: { 'x-tollgate-allow-drops': 'true' } });
    expect([allowed.status, allowed.headers.get('x-tollgate-dropped')]).toEqual([200, 'seed']);
    const [sent] = house.upstream.received;
    expect(sent?.request.headers).not.toHaveProperty('x-tollgate-allow-drops');
    expect(sent?.request.headers).toHaveProperty('anthropic-version');
  });
});
