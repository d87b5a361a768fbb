import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY, RelayHouse } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const FIRST_BYTE_MS = 400;

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  const channel = {
    id: 'ch_all',
    adapter: 'openai',
    baseUrl: house.upstream.url,
    models: ['gpt-5', 'text-embedding-3-small', 'whisper-1', 'gpt-image-1', 'gpt-4o-mini-tts'],
    timeouts: { firstByteMs: FIRST_BYTE_MS },
  };
  const cancelling = { ...channel, id: 'ch_cancel', models: ['gpt-5-mini'], whenClientLeaves: 'cancel' };
  writeFileSync(join(house.folder, 'channels.json'), JSON.stringify({ channels: [channel, cancelling] }));
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => void (house.upstream.received.length = 0));

function post(path: string, body: object | FormData, signal?: AbortSignal): Promise<Response> {
  const form = body instanceof FormData;
  return fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, ...(form ? {} : { 'content-type': 'application/json' }) },
    body: form ? body : JSON.stringify(body),
    ...(signal && { signal }),
  });
}

function sendJson(response: ServerResponse, body: object, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function onlyEventOf(response: Response) {
  const [event, ...more] = await house.eventsOf(response.headers.get('x-request-id'));
  expect(more).toEqual([]);
  return event!.data;
}

const typed = (event: { type: string }) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
const chatAnswer = {
  ...{ id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'gpt-5' },
  choices: [{ index: 0, message: { role: 'assistant', content: 'Good day' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 },
};
const chat = { model: 'gpt-5', messages: [{ role: 'user', content: 'Good day?' }] };

describe('what the field loses', () => {
  it('1: a channel that cancels is stopped when its client leaves, and what it had produced is estimated', async () => {
    let stopped = () => {};
    const wasStopped = new Promise<void>((resolve) => (stopped = resolve));
    house.upstream.answer = (request, out) => {
      request.socket.once('close', stopped);
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      const choices = [{ index: 0, delta: { role: 'assistant', content: 'Once upon a time' }, finish_reason: null }];
      out.write(
        `data: ${JSON.stringify({ ...chatAnswer, object: 'chat.completion.chunk', choices, usage: null })}\n\n`,
      );
    };
    const leave = new AbortController();
    const answered = await post('/v1/chat/completions', { ...chat, model: 'gpt-5-mini', stream: true }, leave.signal);
    await answered.body!.getReader().read();
    leave.abort();
    await wasStopped;
    const { outcome, usage } = await onlyEventOf(answered);
    expect({ outcome, completeness: usage.completeness, estimated: usage.estimated }).toEqual({
      ...{ outcome: 'aborted', completeness: 'estimated', estimated: ['in', 'out'] },
    });
    expect(usage.segments[0]?.out.text).toBeGreaterThan(3);
  });

  it('4: the usage of a response that ends incomplete is billed', async () => {
    const usage = { input_tokens: 20, output_tokens: 16, total_tokens: 36 };
    const response = { id: 'resp_1', object: 'response', model: 'gpt-5', output: [] };
    house.upstream.answer = (_request, out) => {
      out.writeHead(200, { 'content-type': 'text/event-stream' });
      out.write(typed({ type: 'response.created', response: { ...response, status: 'in_progress' } } as never));
      out.end(typed({ type: 'response.incomplete', response: { ...response, status: 'incomplete', usage } } as never));
    };
    const answered = await post('/v1/responses', { model: 'gpt-5', input: 'Hi', stream: true });
    expect(await answered.text()).toContain('response.incomplete');
    expect(await onlyEventOf(answered)).toMatchObject({
      outcome: 'completed',
      usage: { completeness: 'final', segments: [{ in: { fresh: { text: 20 } }, out: { text: 16 } }] },
    });
  });

  it('5: an attempt that timed out here is on the log as one that the upstream may bill', async () => {
    house.upstream.answer = async (_request, out) => {
      await delay(3 * FIRST_BYTE_MS);
      sendJson(out, chatAnswer);
    };
    const answered = await post('/v1/chat/completions', chat);
    expect(answered.status).toBe(504);
    expect(await onlyEventOf(answered)).toMatchObject({ outcome: 'broken', usage: { completeness: 'missing' } });
  });

  it('6: embeddings, speech, transcriptions and images are metered like chats', async () => {
    const file = new FormData();
    file.set('model', 'whisper-1');
    file.set('file', new Blob(['RIFF']), 'a.wav');
    const cases: [path: string, asked: object | FormData, answer: object, quantities: object][] = [
      [
        '/v1/embeddings',
        { model: 'text-embedding-3-small', input: 'Hi' },
        { object: 'list', data: [], model: 'text-embedding-3-small', usage: { prompt_tokens: 7, total_tokens: 7 } },
        { segments: [{ in: { fresh: { text: 7 } } }] },
      ],
      [
        '/v1/audio/transcriptions',
        file,
        { text: 'Hi', usage: { type: 'duration', seconds: 3 } },
        { units: { audioMs: 3000 } },
      ],
      [
        '/v1/images/generations',
        { model: 'gpt-image-1', prompt: 'A cat' },
        {
          created: 1,
          data: [{ b64_json: '' }],
          usage: {
            ...{ input_tokens: 5, output_tokens: 100, total_tokens: 105 },
            input_tokens_details: { text_tokens: 5, image_tokens: 0 },
          },
        },
        { segments: [{ in: { fresh: { text: 5 } }, out: { image: 100 } }] },
      ],
    ];
    for (const [path, asked, answer, quantities] of cases) {
      house.upstream.answer = (_request, out) => sendJson(out, answer);
      const answered = await post(path, asked);
      expect({ path, status: answered.status }).toEqual({ path, status: 200 });
      expect(await onlyEventOf(answered)).toMatchObject({ outcome: 'completed', usage: quantities });
    }
    house.upstream.answer = (_request, out) => out.writeHead(200, { 'content-type': 'audio/mpeg' }).end('ID3');
    const spoken = await post('/v1/audio/speech', { model: 'gpt-4o-mini-tts', input: 'Hi', voice: 'alloy' });
    expect(await spoken.text()).toBe('ID3');
    expect((await onlyEventOf(spoken)).outcome).toBe('completed');
  });
});

describe('what the field bills twice', () => {
  it('16: one call is one event, however its answer ends', async () => {
    const before = (await house.events()).length;
    house.upstream.answer = (request, out) => {
      out.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
      out.end(JSON.stringify(chatAnswer), () => request.socket.destroy());
    };
    const answered = await Promise.all([1, 2, 3].map(() => post('/v1/chat/completions', chat)));
    for (const response of answered) await response.text().catch(() => '');
    for (const response of answered) await onlyEventOf(response);
    await delay(300);
    expect((await house.events()).length).toBe(before + answered.length);
  });

  it('17: asking for a result again reaches no upstream and bills nothing', async () => {
    const before = (await house.events()).length;
    for (const path of ['/v1/responses/resp_1', '/v1/chat/completions/chatcmpl-1', '/v1/models', '/v1/models/gpt-5']) {
      await (await fetch(`${relay.url}${path}`, { headers: { authorization: `Bearer ${KEY}` } })).text();
    }
    await delay(100);
    expect(house.upstream.received).toEqual([]);
    expect((await house.events()).length).toBe(before);
  });
});

describe('what the field misprices', () => {
  it('28: the event names the model that answered beside the one that was asked for', async () => {
    house.upstream.answer = (_request, out) => sendJson(out, { ...chatAnswer, model: 'gpt-5-2025-08-07' });
    const { usage } = await onlyEventOf(await post('/v1/chat/completions', chat));
    expect(usage).toMatchObject({ requestedModel: 'gpt-5', servedModel: 'gpt-5-2025-08-07' });
  });

  it('33: the words of an error are nobody’s output', async () => {
    const error = { message: `Too many. ${'word '.repeat(500)}`, type: 'rate_limit_error', code: 'rate_limit' };
    house.upstream.answer = (_request, out) => sendJson(out, { error }, 429);
    const answered = await post('/v1/chat/completions', chat);
    expect(answered.status).toBe(429);
    expect(await onlyEventOf(answered)).toMatchObject({
      outcome: 'failed',
      usage: { completeness: 'missing', segments: [] },
    });
  });
});

describe('what the field lets pass', () => {
  it('44: no endpoint goes round the wallet, and what is not served is not passed through', async () => {
    const left = house.ledger.left;
    const poor = 'tg-a-key-of-somebody-without-money';
    await house.putKey(poor, {
      ...{ keyId: 'key_2', orgId: 'org_2', teamId: 'team_2', projectId: 'proj_2', status: 'active' },
    });
    house.ledger.left = 0n;
    await delay(300);
    const ask = (path: string, model: string) =>
      fetch(`${relay.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${poor}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model, input: 'Hi', prompt: 'Hi', messages: [{ role: 'user', content: 'Hi' }] }),
      });
    try {
      const statuses = await Promise.all([
        ask('/v1/chat/completions', 'gpt-5').then(({ status }) => status),
        ask('/v1/responses', 'gpt-5').then(({ status }) => status),
        ask('/v1/embeddings', 'text-embedding-3-small').then(({ status }) => status),
        ask('/v1/images/generations', 'gpt-image-1').then(({ status }) => status),
        ask('/v1/audio/speech', 'gpt-4o-mini-tts').then(({ status }) => status),
      ]);
      expect(statuses).toEqual([402, 402, 402, 402, 402]);
      expect((await ask('/v1/fine_tuning/jobs', 'gpt-5')).status).toBe(404);
      expect((await ask('/v1/threads/runs', 'gpt-5')).status).toBe(404);
      expect(house.upstream.received).toEqual([]);
    } finally {
      house.ledger.left = left;
    }
  });
});
