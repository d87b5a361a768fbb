import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY, RelayHouse, testUpstream, type TestUpstream } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const EVERY_MS = 1_000;

let house: RelayHouse;
let relay: RunningRelay;
let well: TestUpstream;
let port: number;

beforeAll(async () => {
  house = await RelayHouse.build();
  well = await testUpstream();
  well.answer = answer;
  port = await portOfNobody();
  const described = { adapter: 'openai', models: ['gpt-4o'], healthCheck: { everyMs: EVERY_MS } };
  const channels = [
    { ...described, id: 'ch_dead', baseUrl: `http://127.0.0.1:${port}`, priority: 1 },
    { ...described, id: 'ch_well', baseUrl: well.url },
  ];
  const file = join(house.folder, 'health.json');
  writeFileSync(file, JSON.stringify({ channels }));
  relay = await startRelay({ ...house.config, TOLLGATE_CHANNELS_FILE: file });
});
afterAll(async () => {
  await relay.close();
  await well.stop();
  await house.tearDown();
});

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const answer: TestUpstream['answer'] = (_request, response) =>
  response
    .writeHead(200, { 'content-type': 'application/json' })
    .end(JSON.stringify({ id: '1', object: 'chat.completion', model: 'gpt-4o', choices: [], usage }));

async function portOfNobody(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return address.port;
}

const post = (path: string) =>
  fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', messages: [] }),
  });

async function breakers(): Promise<Record<string, string>> {
  const { candidates } = (await (await post('/route/v1/chat/completions')).json()) as {
    candidates: { channel: string; breaker: string }[];
  };
  return Object.fromEntries(candidates.map(({ channel, breaker }) => [channel, breaker]));
}

async function until(breaker: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; (await breakers())['ch_dead'] !== breaker; await delay(50)) {
    if (Date.now() > deadline) throw new Error(`ch_dead did not become ${breaker} within 10 s.`);
  }
}

async function channelsOf(response: Response): Promise<string[]> {
  const events = await house.eventsOf(response.headers.get('x-request-id'));
  return events.map(({ data }) => `${data.attempt} ${data.channelId} ${data.outcome}`);
}

it('a dead channel is isolated before the first request, taken back by requests, and checks are not metered', async () => {
  await until('open');
  expect(await breakers()).toEqual({ ch_dead: 'open', ch_well: 'closed' });
  expect(await house.events()).toEqual([]);
  // It comes first by its priority, and no request finds out that it is dead.
  expect(await channelsOf(await post('/v1/chat/completions'))).toEqual(['1 ch_well completed']);

  const back = await testUpstream(port);
  back.answer = answer;
  await until('half-open');
  for (const _ of [1, 2]) expect(await channelsOf(await post('/v1/chat/completions'))).toEqual(['1 ch_dead completed']);
  expect(await breakers()).toEqual({ ch_dead: 'closed', ch_well: 'closed' });
  expect(await house.events()).toHaveLength(3);
  await back.stop();
});
