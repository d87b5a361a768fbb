import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import OpenAI, { toFile } from 'openai';
import type { UsageEvent } from '#contracts/usage-event.js';
import { KEY, RelayHouse } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  const baseUrl = house.upstream.url;
  const openai = ['gpt-instruct', 'text-embedding-3-small', 'gpt-image-1', 'dall-e-2', 'tts-1', 'gpt-4o-mini-tts'];
  const channels = [
    { id: 'ch_openai', adapter: 'openai', baseUrl, models: [...openai, 'gpt', 'omni-moderation-latest'] },
    { id: 'ch_whisper', adapter: 'openai', baseUrl, models: { whisper: 'whisper-1' } },
    { id: 'ch_claude', adapter: 'anthropic', baseUrl, models: ['claude'] },
    { id: 'ch_gemini', adapter: 'gemini', baseUrl, models: ['gemini-flash', 'gemini-embedding-001'] },
    { id: 'ch_gemini_too', adapter: 'gemini', baseUrl, models: { 'their-embedding': 'gemini-embedding-001' } },
    { id: 'ch_cohere', adapter: 'cohere', baseUrl, models: ['rerank-v3.5'] },
  ];
  const file = join(house.folder, 'endpoints.json');
  writeFileSync(file, JSON.stringify({ channels }));
  relay = await startRelay({ ...house.config, TOLLGATE_CHANNELS_FILE: file });
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});

const openai = () => new OpenAI({ apiKey: KEY, baseURL: `${relay.url}/v1`, maxRetries: 0 });
const anthropic = () => new Anthropic({ apiKey: KEY, baseURL: relay.url, maxRetries: 0 });
/** Google's SDK looks for undici's dispatcher on the global object, where a test's sandbox has none. */
const plainFetch: typeof fetch = (url, init) =>
  fetch(url, { method: init?.method ?? 'GET', headers: init?.headers ?? {}, body: init?.body ?? null });
const google = () => new GoogleGenAI({ apiKey: KEY, httpOptions: { baseUrl: relay.url, fetch: plainFetch } });

function answerJson(body: object) {
  house.upstream.answer = (_request: IncomingMessage, response: ServerResponse) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function answerWith(type: string, ...pieces: readonly (string | Buffer)[]) {
  house.upstream.answer = (_request: IncomingMessage, response: ServerResponse) => {
    response.writeHead(200, { 'content-type': type });
    for (const piece of pieces) response.write(piece);
    response.end();
  };
}

const sse = (...messages: readonly object[]) => messages.map((message) => `data: ${JSON.stringify(message)}\n\n`);

interface Metered<Result> {
  readonly result: Result;
  readonly sent: { readonly request: IncomingMessage; readonly body: string };
  readonly usage: UsageEvent['data']['usage'];
}

/** Makes one call, which is sent upstream once and becomes one event. */
async function metered<Result>(call: () => Promise<Result>): Promise<Metered<Result>> {
  const before = (await house.events()).length;
  house.upstream.received.length = 0;
  const result = await call();
  for (let waitedMs = 0; (await house.events()).length === before && waitedMs < 10_000; waitedMs += 20) await delay(20);
  await delay(50);
  const events = (await house.events()).slice(before);
  expect([events.length, house.upstream.received.length]).toEqual([1, 1]);
  const { data } = events[0]!;
  expect(data.outcome).toBe('completed');
  return { result, sent: house.upstream.received[0]!, usage: data.usage };
}

const tokens = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const imageTokens = {
  ...{ input_tokens: 50, output_tokens: 1056, total_tokens: 1106 },
  input_tokens_details: { text_tokens: 10, image_tokens: 40 },
};
const png = () => toFile(Buffer.from('an image'), 'a.png', { type: 'image/png' });
const mp3 = () => toFile(Buffer.alloc(70_000, 13), 'a "quoted" name.mp3', { type: 'audio/mpeg' });

describe('OpenAI’s', () => {
  const choices = [{ index: 0, text: 'Good day', finish_reason: 'stop', logprobs: null }];
  const completion = { id: 'cmpl-1', object: 'text_completion', created: 1, model: 'gpt-instruct', choices };

  it('completions are metered', async () => {
    answerJson({ ...completion, usage: tokens });
    const ask = { model: 'gpt-instruct', prompt: 'Hi' };
    const { result, sent, usage } = await metered(() => openai().completions.create(ask));
    expect([result.choices[0]?.text, sent.request.url]).toEqual(['Good day', '/v1/completions']);
    expect(usage).toMatchObject({ api: 'openai-completions', completeness: 'final' });
    expect(usage.segments).toMatchObject([{ in: { fresh: { text: 9 } }, out: { text: 4 } }]);
  });

  it('completions are metered also in a stream that nobody asked for its usage', async () => {
    const told = sse(completion, { ...completion, choices: [], usage: tokens });
    answerWith('text/event-stream', ...told, 'data: [DONE]\n\n');
    const { result, sent, usage } = await metered(async () => {
      const parts = [];
      const stream = await openai().completions.create({ model: 'gpt-instruct', prompt: 'Hi', stream: true });
      for await (const part of stream) parts.push(part);
      return parts;
    });
    expect(result).toHaveLength(1);
    expect(JSON.parse(sent.body)).toMatchObject({ stream_options: { include_usage: true } });
    expect(usage).toMatchObject({ completeness: 'final', segments: [{ out: { text: 4 } }] });
  });

  it('embeddings are metered', async () => {
    answerJson({
      ...{ object: 'list', model: 'text-embedding-3-small' },
      data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
      usage: { prompt_tokens: 8, total_tokens: 8 },
    });
    const ask = { model: 'text-embedding-3-small', input: 'Hi', encoding_format: 'float' as const };
    const { result, usage } = await metered(() => openai().embeddings.create(ask));
    expect(result.data[0]?.embedding).toEqual([0.5]);
    expect(usage).toMatchObject({ completeness: 'final', segments: [{ in: { fresh: { text: 8 } } }] });
  });

  it('a model that only an Azure path names is named in the body of another upstream', async () => {
    answerJson({ object: 'list', model: 'text-embedding-3-small', data: [], usage: { prompt_tokens: 8 } });
    const { sent } = await metered(() =>
      fetch(`${relay.url}/openai/deployments/text-embedding-3-small/embeddings?api-version=2024-10-21`, {
        method: 'POST',
        headers: { 'api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ input: 'Hi' }),
      }),
    );
    expect(JSON.parse(sent.body)).toEqual({ model: 'text-embedding-3-small', input: 'Hi' });
  });

  it('generated images are metered by the token', async () => {
    answerJson({ created: 1, data: [{ b64_json: 'AA==' }], usage: imageTokens });
    const { usage } = await metered(() => openai().images.generate({ model: 'gpt-image-1', prompt: 'A cat' }));
    expect(usage).toMatchObject({ api: 'images', completeness: 'final' });
    expect(usage.segments).toMatchObject([{ in: { fresh: { text: 10, image: 40 } }, out: { image: 1056 } }]);
  });

  it('edited images are metered, and their form passes to the byte', async () => {
    answerJson({ created: 1, data: [{ b64_json: 'AA==' }], usage: imageTokens });
    const image = await png();
    const ask = () => openai().images.edit({ model: 'gpt-image-1', image, prompt: 'A hat' });
    const { sent, usage } = await metered(ask);
    expect(sent.request.url).toBe('/v1/images/edits');
    expect(sent.body).toContain('an image');
    expect(usage).toMatchObject({ completeness: 'final', segments: [{ out: { image: 1056 } }] });
  });

  it('variations are metered by the image, of the model that they are made with', async () => {
    answerJson({ created: 1, data: [{ url: 'https://a' }, { url: 'https://b' }] });
    const image = await png();
    const { usage } = await metered(() => openai().images.createVariation({ image, n: 2 }));
    expect(usage).toMatchObject({ requestedModel: 'dall-e-2', completeness: 'final', units: { images: 2 } });
  });

  it('speech is metered by its characters, and comes as it is', async () => {
    const audio = Buffer.from([0xff, 0xfb, 0, 1, 2]);
    answerWith('audio/mpeg', audio);
    const ask = { model: 'tts-1', voice: 'alloy' as const, input: 'Grüße 👋' };
    const { result, usage } = await metered(async () => {
      const response = await openai().audio.speech.create(ask);
      return Buffer.from(await response.arrayBuffer());
    });
    expect(result).toEqual(audio);
    expect(usage).toMatchObject({ api: 'audio', completeness: 'final', units: { characters: 7 }, anomalies: [] });
  });

  it('speech in a stream is metered by the token where that is told', async () => {
    const usageTold = { input_tokens: 14, output_tokens: 101, total_tokens: 115 };
    const events = [
      { type: 'speech.audio.delta', audio: 'AA==' },
      { type: 'speech.audio.done', usage: usageTold },
    ];
    answerWith('text/event-stream', ...sse(...events));
    const ask = { model: 'gpt-4o-mini-tts', voice: 'alloy', input: 'Hi', stream_format: 'sse' } as const;
    const { usage } = await metered(async () => (await openai().audio.speech.create(ask)).text());
    expect(usage).toMatchObject({
      completeness: 'final',
      segments: [{ in: { fresh: { text: 14 } }, out: { audio: 101 } }],
    });
    expect(usage.units).toBeUndefined();
  });

  it('transcriptions are metered by the second, under the upstream’s name of the model', async () => {
    answerJson({ text: 'Hi', usage: { type: 'duration', seconds: 9 } });
    const file = await mp3();
    const { result, sent, usage } = await metered(() =>
      openai().audio.transcriptions.create({ model: 'whisper', file }),
    );
    expect(result.text).toBe('Hi');
    expect(sent.body).toContain('name="model"\r\n\r\nwhisper-1\r\n');
    expect(sent.body).toContain('\r'.repeat(70_000));
    expect(usage).toMatchObject({ api: 'audio', completeness: 'final', units: { audioMs: 9000 } });
  });

  it('transcriptions are metered in a stream', async () => {
    const usageTold = { type: 'tokens', input_tokens: 14, output_tokens: 3, total_tokens: 17 };
    const details = { input_token_details: { text_tokens: 4, audio_tokens: 10 } };
    const end = { type: 'transcript.text.done', text: 'Hi', usage: { ...usageTold, ...details } };
    answerWith('text/event-stream', ...sse({ type: 'transcript.text.delta', delta: 'Hi' }, end));
    const file = await mp3();
    const { usage } = await metered(async () => {
      for await (const _ of await openai().audio.transcriptions.create({ model: 'whisper', file, stream: true }));
    });
    expect(usage).toMatchObject({ segments: [{ in: { fresh: { text: 4, audio: 10 } }, out: { text: 3 } }] });
  });

  it('translations are metered', async () => {
    answerJson({ text: 'Hi', duration: 2.5, language: 'german', segments: [] });
    const file = await mp3();
    const ask = { model: 'whisper', file, response_format: 'verbose_json' } as const;
    const { sent, usage } = await metered(() => openai().audio.translations.create(ask));
    expect(sent.request.url).toBe('/v1/audio/translations');
    expect(usage).toMatchObject({ completeness: 'final', units: { audioMs: 2500 } });
  });

  it('moderations cost nothing, also without a model', async () => {
    answerJson({ id: 'modr-1', model: 'omni-moderation-latest', results: [] });
    const { sent, usage } = await metered(() => openai().moderations.create({ input: 'Hi' }));
    expect(sent.request.url).toBe('/v1/moderations');
    expect(usage).toMatchObject({
      requestedModel: 'omni-moderation-latest',
      completeness: 'final',
      units: { requests: 0 },
    });
  });

  it('models can be listed and looked up', async () => {
    expect((await openai().models.list()).data.map(({ id }) => id)).toContain('rerank-v3.5');
    expect(await openai().models.retrieve('gpt')).toMatchObject({ id: 'gpt', owned_by: 'openai' });
    await expect(openai().models.retrieve('gpt-9')).rejects.toThrow(OpenAI.NotFoundError);
  });
});

describe('Anthropic’s', () => {
  it('count of tokens costs nothing', async () => {
    answerJson({ input_tokens: 12 });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const { result, sent, usage } = await metered(() =>
      anthropic().messages.countTokens({ model: 'claude', messages }),
    );
    expect([result.input_tokens, sent.request.url]).toEqual([12, '/v1/messages/count_tokens']);
    expect(usage).toMatchObject({ completeness: 'final', units: { requests: 0 }, segments: [] });
  });

  it('models can be listed and looked up', async () => {
    expect((await anthropic().models.list()).data.map(({ id }) => id)).toContain('claude');
    expect(await anthropic().models.retrieve('claude')).toMatchObject({ id: 'claude', type: 'model' });
  });
});

describe('Google’s', () => {
  const content = { role: 'model', parts: [{ text: 'Good day' }] };
  const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 };
  const answer = { candidates: [{ content, finishReason: 'STOP' }], usageMetadata, modelVersion: 'gemini-flash-1' };

  it('generateContent is metered', async () => {
    answerJson(answer);
    const ask = { model: 'gemini-flash', contents: 'Hi' };
    const { result, sent, usage } = await metered(() => google().models.generateContent(ask));
    expect([result.text, sent.request.url]).toEqual(['Good day', '/v1beta/models/gemini-flash:generateContent']);
    expect(usage).toMatchObject({ api: 'gemini', servedModel: 'gemini-flash-1', segments: [{ out: { text: 4 } }] });
  });

  it('streams are metered', async () => {
    answerWith('text/event-stream', ...sse(answer));
    const { result, sent, usage } = await metered(async () => {
      let text = '';
      const stream = await google().models.generateContentStream({ model: 'gemini-flash', contents: 'Hi' });
      for await (const part of stream) text += part.text ?? '';
      return text;
    });
    expect([result, sent.request.url]).toEqual([
      'Good day',
      '/v1beta/models/gemini-flash:streamGenerateContent?alt=sse',
    ]);
    expect(usage).toMatchObject({ completeness: 'final', segments: [{ in: { fresh: { text: 9 } } }] });
  });

  it('streams are metered also as a list, with the key in the query and kept from the upstream', async () => {
    answerWith(
      'application/json; charset=UTF-8',
      `[${JSON.stringify({ ...answer, candidates: [] })}`,
      `,${JSON.stringify(answer)}]`,
    );
    const url = `${relay.url}/v1beta/models/gemini-flash:streamGenerateContent?key=${KEY}`;
    const { result, sent, usage } = await metered(async () => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(url, { method: 'POST', headers, body: '{"contents":[]}' })).json();
    });
    expect(result).toHaveLength(2);
    expect(sent.request.url).toBe('/v1beta/models/gemini-flash:streamGenerateContent');
    expect(usage).toMatchObject({ completeness: 'final', segments: [{ out: { text: 4 } }] });
  });

  it('embeddings are metered where they tell what they took', async () => {
    const usageTold = { promptTokenCount: 3, promptTokenDetails: [{ modality: 'TEXT', tokenCount: 3 }] };
    answerJson({ embeddings: [{ values: [0.5] }], usageMetadata: usageTold });
    const ask = { model: 'gemini-embedding-001', contents: ['Hi'] };
    const { sent, usage } = await metered(() => google().models.embedContent(ask));
    expect(sent.request.url).toBe('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(usage).toMatchObject({
      api: 'embeddings',
      completeness: 'final',
      segments: [{ in: { fresh: { text: 3 } } }],
    });
  });

  it('batches of embeddings name the upstream’s model in every request, and no other', async () => {
    answerJson({ embeddings: [{ values: [0.5] }] });
    const ask = (model: string) =>
      fetch(`${relay.url}/v1beta/models/their-embedding:batchEmbedContents`, {
        method: 'POST',
        headers: { 'x-goog-api-key': KEY, 'content-type': 'application/json' },
        body: JSON.stringify({ requests: [{ model: `models/${model}`, content: { parts: [{ text: 'Hi' }] } }] }),
      });
    const { sent } = await metered(() => ask('their-embedding'));
    expect(sent.request.url).toBe('/v1beta/models/gemini-embedding-001:batchEmbedContents');
    expect(JSON.parse(sent.body)).toMatchObject({ requests: [{ model: 'models/gemini-embedding-001' }] });
    expect((await ask('gemini-flash')).status).toBe(400);
  });

  it('count of tokens costs nothing', async () => {
    answerJson({ totalTokens: 3 });
    const { result, usage } = await metered(() =>
      google().models.countTokens({ model: 'gemini-flash', contents: 'Hi' }),
    );
    expect(result.totalTokens).toBe(3);
    expect(usage).toMatchObject({ completeness: 'final', units: { requests: 0 } });
  });

  it('models can be listed and looked up', async () => {
    const names = [];
    for await (const { name } of await google().models.list()) names.push(name);
    expect(names).toContain('models/gemini-flash');
    expect(await google().models.get({ model: 'gemini-flash' })).toMatchObject({ name: 'models/gemini-flash' });
  });
});

describe('Cohere’s', () => {
  it.each(['/v1/rerank', '/v2/rerank', '/rerank'])('rerank at %s is metered by the search', async (path) => {
    answerJson({ id: 'r', results: [{ index: 0, relevance_score: 0.9 }], meta: { billed_units: { search_units: 2 } } });
    const { sent, usage } = await metered(() =>
      fetch(`${relay.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'rerank-v3.5', query: 'q', documents: ['a'] }),
      }).then((response) => response.json()),
    );
    expect(sent.request.url).toBe('/v2/rerank');
    expect(usage).toMatchObject({ api: 'rerank', completeness: 'final', units: { rerankSearches: 2 } });
  });
});
