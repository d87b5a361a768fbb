import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CALLER, RelayHouse } from '../relay.fixture.js';
import { type RunningRelay, startRelay } from '../start-relay.js';

const LIMIT = 1_000;
const KEYS = ['tg-refused-upstream', 'tg-without-money', 'tg-untold', 'tg-asks-too-much'];

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  for (const key of KEYS) {
    const policy = { limits: { tokensPerMinute: LIMIT } };
    // An organisation each: what one cannot pay is remembered for a moment.
    await house.putKey(key, { ...CALLER, keyId: key, orgId: key, status: 'active', policy });
  }
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});

function ask(key: string, maxTokens: number): Promise<Response> {
  return fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', max_tokens: maxTokens, messages: [{ role: 'user', content: 'hi' }] }),
  });
}

/** The estimate of this very request is taken from what it is told. */
async function remainingOf(key: string): Promise<[status: number, remaining: string | null]> {
  const response = await ask(key, 100);
  await response.text();
  return [response.status, response.headers.get('x-ratelimit-remaining-tokens')];
}

it('the tokens of a request come back when the upstream refuses it', async () => {
  house.upstream.answer = (_request, response) =>
    response.writeHead(400, { 'content-type': 'application/json' }).end('{}');
  const [[status, first], [, second]] = [
    await remainingOf('tg-refused-upstream'),
    await remainingOf('tg-refused-upstream'),
  ];
  expect([status, second]).toEqual([400, first]);
});

it('the tokens of a request come back when nobody pays for it', async () => {
  const { left } = house.ledger;
  house.ledger.left = 0n;
  try {
    const [[status, first], [, second]] = [
      await remainingOf('tg-without-money'),
      await remainingOf('tg-without-money'),
    ];
    expect([status, second]).toEqual([402, first]);
  } finally {
    house.ledger.left = left;
  }
});

it('the tokens of a request whose usage nobody told do not come back', async () => {
  house.upstream.answer = (_request, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"choices":[]}');
  const [[, first], [, second]] = [await remainingOf('tg-untold'), await remainingOf('tg-untold')];
  expect(LIMIT - Number(second)).toBe(2 * (LIMIT - Number(first)));
});

it('a request larger than the limit is told so, and not that it would help to try again', async () => {
  const response = await ask('tg-asks-too-much', 5_000);
  expect(response.status).toBe(429);
  expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
  const sentence =
    'The key "tg-asks-too-much" may have 1000 tokens per minute, and this request alone may take 5009: limit its output or shorten it.';
  expect(await response.json()).toMatchObject({
    error: { type: 'tokens', code: 'rate_limit_exceeded', message: sentence },
  });
});
