import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AIMessageChunk } from '@langchain/core/messages';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALLER, RelayHouse } from '#apps/relay/relay.fixture.js';
import { type RunningRelay, startRelay } from '#apps/relay/start-relay.js';
import type { ChatApi } from '#protocols/chat/chat-api.js';
import { eventually } from '../support/eventually.js';
import { answers } from './own-answers.js';
import { streams } from './own-streams.js';
import { apiKey } from './sdk-answer.js';

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  await house.putKey(apiKey, { ...CALLER, status: 'active' });
  const baseUrl = house.upstream.url;
  const channels = [
    { id: 'ch_gpt', adapter: 'openai', baseUrl, models: ['gpt-4o', 'text-embedding-3-small'] },
    { id: 'ch_claude', adapter: 'anthropic', baseUrl, models: ['claude'] },
  ];
  writeFileSync(join(house.folder, 'channels.json'), JSON.stringify({ channels }));
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});

const configuration = () => ({ baseURL: `${relay.url}/v1` });
const weather = {
  type: 'function' as const,
  function: { name: 'weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } },
};
const chat = (model: string) =>
  new ChatOpenAI({ apiKey, model, maxRetries: 0, maxTokens: 100, configuration: configuration() }).bindTools([weather]);

function answerWith(type: string, body: string): void {
  house.upstream.answer = (_request, response) => response.writeHead(200, { 'content-type': type }).end(body);
}

/** What the one call that is made is metered with. */
async function meteredWith(call: () => Promise<unknown>): Promise<object> {
  const before = (await house.events()).length;
  await call();
  await eventually(async () => expect((await house.events()).length).toBeGreaterThan(before), 10_000);
  const [event, ...more] = (await house.events()).slice(before);
  expect(more).toEqual([]);
  return event!.data.usage.segments[0]!;
}

describe.each<[string, ChatApi]>([
  ['gpt-4o', 'openai-chat'],
  ['claude', 'anthropic-messages'],
])('LangChain', (model, api) => {
  it(`asks ${model} with a tool, and is metered once`, async () => {
    answerWith('application/json', answers[api]);
    const usage = await meteredWith(async () => {
      const answer = await chat(model).invoke('What is the weather?');
      expect({ text: answer.text, calls: answer.tool_calls?.map(({ name, args }) => ({ name, args })) }).toEqual({
        text: 'Let me look.',
        calls: [{ name: 'weather', args: { city: 'Zürich' } }],
      });
    });
    expect(usage).toMatchObject({ in: { fresh: { text: 9 } }, out: { text: 5 } });
  });

  it.each(streams[api])(`streams $name from ${model}, and is metered once`, async ({ body, answer }) => {
    answerWith('text/event-stream', body);
    const usage = await meteredWith(async () => {
      let whole: AIMessageChunk | undefined;
      for await (const chunk of await chat(model).stream('What is the weather?')) {
        whole = whole === undefined ? chunk : whole.concat(chunk);
      }
      expect(whole?.text).toBe(answer.text);
      const calls = whole?.tool_calls?.map(({ name, args }) => ({ name, input: args }));
      expect(calls).toEqual(answer.toolCalls.map(({ name, input }) => ({ name, input })));
    });
    if (body.includes('usage')) expect(usage).toMatchObject({ in: { fresh: { text: 9 } }, out: { text: 5 } });
  });
});

describe('LangChain', () => {
  it('embeds, and is metered once', async () => {
    const embedding = Buffer.from(new Float32Array([0.5, 0.25]).buffer).toString('base64');
    const usage = { prompt_tokens: 7, total_tokens: 7 };
    const data = [{ object: 'embedding', index: 0, embedding }];
    answerWith('application/json', JSON.stringify({ object: 'list', model: 'text-embedding-3-small', data, usage }));
    const embeddings = new OpenAIEmbeddings({
      ...{ apiKey, model: 'text-embedding-3-small', maxRetries: 0 },
      configuration: configuration(),
    });
    const segment = await meteredWith(async () => {
      expect(await embeddings.embedQuery('Hi')).toEqual([0.5, 0.25]);
    });
    expect(segment).toMatchObject({ in: { fresh: { text: 7 } } });
  });
});
