import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Kvm, type KV } from '@nats-io/kv';
import { setTimeout as delay } from 'node:timers/promises';
import { sealSecret, secretsKey } from '#config/seal-secret.js';
import { channelEntryName } from '#contracts/channel.js';
import { buckets } from '#contracts/streams.js';
import { KEY, RelayHouse } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const bytes = Buffer.alloc(32, 5);
const key = secretsKey(bytes);
const EFFECTIVE_WITHIN_MS = 1_000;

let house: RelayHouse;
let relay: RunningRelay;
let kept: KV;
beforeAll(async () => {
  house = await RelayHouse.build();
  relay = await startRelay({ ...house.config, TOLLGATE_SECRETS_KEY: bytes.toString('base64') });
  kept = await new Kvm(house.connection).open(buckets.channels);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => {
  house.upstream.received.length = 0;
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  const answer = { id: '1', object: 'chat.completion', model: 'vendor/gpt', choices: [], usage };
  house.upstream.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
});

const publish = (secret: string) => {
  const channel = { id: 'kept', adapter: 'openrouter', baseUrl: house.upstream.url, models: { gpt: 'vendor/gpt' } };
  return kept.put(channelEntryName('kept'), JSON.stringify({ ...channel, secret: sealSecret(secret, channel, key) }));
};

/** Asks until the relay answers as it should. @returns how long that took. */
async function until(status: number, isIt = () => true): Promise<number> {
  const startedMs = Date.now();
  for (;;) {
    const asked = await fetch(`${relay.url}/v1/chat/completions?key=of-the-client`, {
      method: 'POST',
      headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json', 'api-key': KEY },
      body: '{"model":"gpt", "seed":12345678901234567890,"messages":[]}',
    });
    await asked.arrayBuffer();
    const tookMs = Date.now() - startedMs;
    if (asked.status === status && isIt()) return tookMs;
    if (tookMs > 10_000) throw new Error(`After 10 s the answer is ${asked.status}.`);
    await delay(20);
  }
}

const last = () => house.upstream.received.at(-1)!;

describe('a channel that control publishes', () => {
  it('serves within a second, with its own credential, the upstream’s name of the model and every other byte as it came', async () => {
    await until(404);
    await publish('sk-first');
    expect(await until(200)).toBeLessThan(EFFECTIVE_WITHIN_MS);
    const { request, body } = last();
    expect(request.url).toBe('/api/v1/chat/completions');
    expect(request.headers.authorization).toBe('Bearer sk-first');
    expect(JSON.stringify([request.headers, request.url])).not.toMatch(new RegExp(`${KEY}|of-the-client`));
    expect(body).toBe('{"model":"vendor/gpt", "seed":12345678901234567890,"messages":[]}');
  });

  it('takes its new secret, and is gone when it is removed, within a second', async () => {
    await publish('sk-second');
    const isSecond = () => last().request.headers.authorization === 'Bearer sk-second';
    expect(await until(200, isSecond)).toBeLessThan(EFFECTIVE_WITHIN_MS);
    await kept.delete(channelEntryName('kept'));
    expect(await until(404)).toBeLessThan(EFFECTIVE_WITHIN_MS);
  });
});
