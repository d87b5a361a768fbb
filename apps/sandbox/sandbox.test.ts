import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Anthropic from '@anthropic-ai/sdk';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { request } from 'undici';
import { startSandbox } from './start-sandbox.js';

/** Not all of it is valid UTF-8, and it has both kinds of line ends. */
const recording = Buffer.from('data: {"a":"\xff"}\r\n\r\ndata: [DONE]\n\n', 'latin1');

let sandbox: Awaited<ReturnType<typeof startSandbox>>;
let folder: string;
let openai: OpenAI;
let anthropic: Anthropic;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
  const bodies = join(folder, 'bodies');
  await mkdir(bodies);
  await writeFile(join(bodies, 'one.sse'), recording);
  await writeFile(join(folder, 'secret.json'), '{}');
  await symlink(join(folder, 'secret.json'), join(bodies, 'link.json'));
  sandbox = await startSandbox({
    TOLLGATE_HOST: '127.0.0.1',
    PORT: 0,
    TOLLGATE_LOG_LEVEL: 'warn',
    TOLLGATE_SANDBOX_BODIES: bodies,
  });
  openai = new OpenAI({ apiKey: 'none', baseURL: `${sandbox.url}/v1`, maxRetries: 0 });
  anthropic = new Anthropic({ apiKey: 'none', baseURL: sandbox.url, maxRetries: 0 });
});

afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true });
});

const chat = { model: 'gpt-5-mini', messages: [{ role: 'user' as const, content: 'one two  three' }] };
const message = { ...chat, model: 'claude-haiku-4-5', system: 'be\nbrief', max_tokens: 6 };
const tell = (directives: string) => ({ headers: { 'x-sandbox': directives } });

async function post(path: string, body: unknown, directives?: string) {
  const response = await request(sandbox.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(directives === undefined ? {} : { 'x-sandbox': directives }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.statusCode, headers: response.headers, text: () => response.body.text() };
}

describe('chat completions', () => {
  it('answer the OpenAI SDK, with the usage that follows from the request', async () => {
    const { data, request_id } = await openai.chat.completions.create({ ...chat, max_tokens: 5 }).withResponse();
    expect(request_id).toMatch(/^req_/);
    expect(data).toMatchObject({ object: 'chat.completion', model: 'gpt-5-mini', service_tier: 'default' });
    expect(data.choices[0]).toMatchObject({ finish_reason: 'length', message: { role: 'assistant' } });
    expect(data.choices[0]?.message.content?.split(' ')).toHaveLength(5);
    expect(data.usage).toEqual({
      prompt_tokens: 3,
      completion_tokens: 5,
      total_tokens: 8,
      prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
      completion_tokens_details: {
        reasoning_tokens: 0,
        audio_tokens: 0,
        accepted_prediction_tokens: 0,
        rejected_prediction_tokens: 0,
      },
    });
  });

  it('answer equal requests equally, and other requests with another id', async () => {
    const once = await openai.chat.completions.create(chat);
    expect(await openai.chat.completions.create(chat)).toEqual(once);
    expect((await openai.chat.completions.create({ ...chat, seed: 1 })).id).not.toBe(once.id);
  });

  it('stream to the OpenAI SDK, with usage last and without choices when it was asked for', async () => {
    const stream = await openai.chat.completions.create({
      ...chat,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 16 } });
    const text = chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('');
    expect(text.split(' ')).toHaveLength(16);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe('stop');
  });

  it('say nothing of usage in a stream that did not ask for it', async () => {
    const text = await (await post('/v1/chat/completions', { ...chat, stream: true })).text();
    expect(text).not.toContain('usage');
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('report what they are told to', async () => {
    const told = tell(
      'input-tokens=1000, cached-tokens=100, reasoning-tokens=9, model=gpt-5-mini-2025-08-07, tier=priority',
    );
    expect(await openai.chat.completions.create(chat, told)).toMatchObject({
      model: 'gpt-5-mini-2025-08-07',
      service_tier: 'priority',
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 16,
        prompt_tokens_details: { cached_tokens: 100 },
        completion_tokens_details: { reasoning_tokens: 9 },
      },
    });
    expect((await openai.chat.completions.create(chat, tell('usage=omit'))).usage).toBeUndefined();
  });

  it('repeat a growing usage on every chunk when told to', async () => {
    const stream = await openai.chat.completions.create({ ...chat, stream: true, max_tokens: 9 }, tell('usage=repeat'));
    const counts: (number | undefined)[] = [];
    for await (const chunk of stream) counts.push(chunk.usage?.completion_tokens);
    expect(counts).toEqual([0, 4, 8, 9, 9]);
  });

  it.each([
    [{ messages: chat.messages }, 'you must provide a model parameter'],
    [{ model: 'gpt-5' }, "Missing required parameter: 'messages'."],
    [{ model: 'gpt-5', messages: [] }, "Invalid 'messages'"],
    [{ model: 'gpt-5', messages: [{ role: 'user', content: 7 }] }, "Invalid 'messages[0].content'"],
    [{ ...chat, stream_options: { include_usage: true } }, "The 'stream_options' parameter"],
    [{ ...chat, max_tokens: 200_000 }, "Invalid 'max_tokens'"],
    ['{"model":', 'We could not parse the JSON body'],
    ['[]', 'The body of a chat completion is a JSON object.'],
  ])('refuse %j as OpenAI does', async (body, sentence) => {
    const response = await post('/v1/chat/completions', body);
    expect(response.status).toBe(400);
    expect(JSON.parse(await response.text())).toMatchObject({
      error: { message: expect.stringContaining(sentence), type: 'invalid_request_error' },
    });
  });
});

describe('messages', () => {
  it('answer the Anthropic SDK, counting the system text and splitting off the cache', async () => {
    const told = tell('input-tokens=100,cached-tokens=50,cache-write-5m=20,cache-write-1h=10');
    const { data, request_id } = await anthropic.messages.create(message, told).withResponse();
    expect(request_id).toMatch(/^req_/);
    expect(data).toMatchObject({ type: 'message', model: 'claude-haiku-4-5', stop_reason: 'max_tokens' });
    expect(data.usage).toEqual({
      input_tokens: 20,
      cache_creation_input_tokens: 30,
      cache_read_input_tokens: 50,
      cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
      output_tokens: 6,
      service_tier: 'standard',
    });
    expect((await anthropic.messages.create(message)).usage.input_tokens).toBe(5);
  });

  it('stream to the Anthropic SDK', async () => {
    const final = await anthropic.messages.stream(message).finalMessage();
    expect(final).toMatchObject({ stop_reason: 'max_tokens', usage: { input_tokens: 5, output_tokens: 6 } });
    expect(final.content).toMatchObject([{ type: 'text' }]);
  });

  it('stream the events of the protocol in their order', async () => {
    const text = await (await post('/v1/messages', { ...message, stream: true })).text();
    expect([...text.matchAll(/^event: (.+)$/gm)].map((match) => match[1])).toEqual([
      'message_start',
      'content_block_start',
      'ping',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('can have no output at all', async () => {
    const nothing = { ...message, max_tokens: 0 };
    expect(await anthropic.messages.create(nothing)).toMatchObject({ content: [], usage: { output_tokens: 0 } });
    expect((await anthropic.messages.stream(nothing).finalMessage()).usage.output_tokens).toBe(0);
  });

  it.each([
    [{ messages: [], max_tokens: 1 }, 'model: Field required'],
    [{ model: 'claude-haiku-4-5', messages: message.messages }, 'max_tokens: Field required'],
    [{ model: 'claude-haiku-4-5', max_tokens: 1 }, 'messages: Field required'],
  ])('refuse %j as Anthropic does', async (body, sentence) => {
    const response = await post('/v1/messages', body);
    expect(response.status).toBe(400);
    expect(JSON.parse(await response.text())).toMatchObject({
      type: 'error',
      error: { type: 'invalid_request_error', message: sentence },
      request_id: response.headers['request-id'],
    });
  });
});

describe('faults on request', () => {
  it.each([
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [401, OpenAI.AuthenticationError],
  ])('fail with %i', async (status, error) => {
    await expect(openai.chat.completions.create(chat, tell(`status=${status}`))).rejects.toThrow(error);
  });

  it('fail in the shape of the protocol that was spoken', async () => {
    const response = await post('/v1/messages', message, 'status=529');
    expect(response.status).toBe(529);
    expect(JSON.parse(await response.text())).toMatchObject({ type: 'error', error: { type: 'overloaded_error' } });
    expect(JSON.parse(await (await post('/v1/nothing', {})).text())).toMatchObject({ error: { param: null } });
  });

  it('refuse a directive that does not exist, naming it', async () => {
    const response = await post('/v1/chat/completions', chat, 'stauts=429');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('stauts');
  });

  it.each([0, 1, 200])('cut the connection after byte %i of the body', async (cutAt) => {
    const whole = await (await post('/v1/chat/completions', { ...chat, stream: true })).text();
    const cut = await request(`${sandbox.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sandbox': `cut-at=${cutAt}` },
      body: JSON.stringify({ ...chat, stream: true }),
    });
    let received = '';
    const reading = async () => {
      for await (const bytes of cut.body) received += String(bytes);
    };
    await expect(reading()).rejects.toThrow();
    expect(received).toBe(whole.slice(0, cutAt));
  });

  it('wait before the answer and between its chunks', async () => {
    const started = performance.now();
    const paced = await post('/v1/messages', { ...message, stream: true }, 'delay-ms=50,chunk-delay-ms=10');
    const first = performance.now() - started;
    const text = await paced.text();
    expect(first).toBeGreaterThanOrEqual(49);
    expect(performance.now() - started).toBeGreaterThanOrEqual(49 + 7 * 9);
    expect(text).toBe(await (await post('/v1/messages', { ...message, stream: true })).text());
  });

  it('end when the client leaves, and go on serving others', async () => {
    const leave = new AbortController();
    const leaving = request(`${sandbox.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-sandbox': 'delay-ms=60000' },
      body: JSON.stringify(chat),
      signal: leave.signal,
    });
    setTimeout(() => leave.abort(), 20);
    await expect(leaving).rejects.toThrow();
    expect((await post('/v1/chat/completions', chat)).status).toBe(200);
  });

  it.each(['body=one.sse', 'body=one.sse,chunk-delay-ms=1'])(
    'serve a recorded body byte for byte: %s',
    async (told) => {
      const response = await request(`${sandbox.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-sandbox': told },
        body: JSON.stringify(chat),
      });
      expect(response.headers['content-type']).toContain('text/event-stream');
      expect(Buffer.from(await response.body.arrayBuffer())).toEqual(recording);
    },
  );

  it.each(['../secret.json', 'link.json', '/etc/hostname.json', 'none.sse'])(
    'serve nothing outside of the folder: %s',
    async (name) => {
      expect((await post('/v1/chat/completions', chat, `body=${name}`)).status).toBe(404);
    },
  );
});

it('lists its models to either SDK', async () => {
  expect((await openai.models.list()).data.map(({ id }) => id)).toContain('gpt-5-mini');
  expect((await anthropic.models.list()).data.map(({ id }) => id)).toContain('claude-haiku-4-5');
});
