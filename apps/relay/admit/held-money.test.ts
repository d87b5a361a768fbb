import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Kvm } from '@nats-io/kv';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { currentPricesEntry, type PriceBook, priceBookEntry } from '#contracts/price-book.js';
import { buckets } from '#contracts/streams.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { AttemptsInFlight } from '../forward/attempts-in-flight.js';
import { CALLER, KEY, RelayHouse } from '../relay.fixture.js';
import { type RunningRelay, startRelay } from '../start-relay.js';

const unitPrices = { 'in.fresh.text': '0.000002', 'out.text': '0.00001' };
const dearPrices = { 'in.fresh.text': '0.0002', 'out.text': '0.001' };
const book: PriceBook = {
  version: 'held-money',
  publishedAt: '2026-11-01T00:00:00Z',
  tariffs: ['gpt-4o', 'nowhere', 'dear'].map((model) => ({
    ...{ provider: 'openai', models: [model], currency: 'USD', source: 'a test', checkedOn: '2026-11-01' },
    rates: [{ tier: 'standard', aboveInputTokens: 0, unitPrices: model === 'dear' ? dearPrices : unitPrices }],
  })),
};
const usage = { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 };
const cost = parseAmount('0.00006');
/** 'user' and 'hi' are 3 tokens at most, and a message is framed by 6. */
const estimate = 9n * 2_000_000n + 100n * 10_000_000n;

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  const file = join(house.folder, 'channels.json');
  const { channels } = JSON.parse(readFileSync(file, 'utf8')) as { channels: object[] };
  const dear = { ...channels[0], id: 'ch_dear', models: ['dear'] };
  const routes = { dear: { models: ['dear', 'gpt-4o'], rounds: 2 } };
  writeFileSync(file, JSON.stringify({ channels: [...channels, dear], routes }));
  const prices = await new Kvm(house.connection).open(buckets.prices);
  await prices.put(priceBookEntry(book.version), JSON.stringify(book));
  await prices.put(currentPricesEntry, JSON.stringify({ version: book.version }));
});
afterAll(() => house.tearDown());
beforeEach(async () => {
  house.ledger.left = parseAmount('1');
  relay = await startRelay(house.config);
});

function ask(more: object = {}, init: RequestInit = {}): Promise<Response> {
  const body = { model: 'gpt-4o', max_tokens: 100, messages: [{ role: 'user', content: 'hi' }], ...more };
  return fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...init,
  });
}

/** What the relay spent by its own word, when it is gone and has given everything else back. */
async function spent(): Promise<bigint> {
  await relay.close();
  return parseAmount('1') - house.ledger.left;
}

const answerWith = (status: number, body: object) => {
  house.upstream.answer = (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
};

describe('the money held for an attempt', () => {
  it('comes back but for its cost, and the event names its lease', async () => {
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    const response = await ask();
    await response.text();
    const [event] = await house.eventsOf(response.headers.get('x-request-id'));
    expect(house.ledger.leases.has(event?.data.leaseId ?? 'none')).toBe(true);
    expect(await spent()).toBe(cost);
  });

  it('comes back when the upstream cannot be reached (fault 42), or refuses', async () => {
    expect((await ask({ model: 'nowhere' })).status).toBe(502);
    answerWith(400, { error: { message: 'no' } });
    expect((await ask()).status).toBe(400);
    expect(await spent()).toBe(0n);
  });

  it('is kept when a stream breaks off, or its client leaves: it was not free (fault 43)', async () => {
    house.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(
        `data: ${JSON.stringify({ model: 'gpt-4o', choices: [{ index: 0, delta: { content: 'a' } }] })}\n\n`,
      );
      setTimeout(() => response.destroy(), 50);
    };
    await expect((await ask({ stream: true })).text()).rejects.toThrow();
    const left = new AbortController();
    const response = await ask({ stream: true }, { signal: left.signal });
    left.abort();
    await house.eventsOf(response.headers.get('x-request-id'));
    expect(await spent()).toBe(2n * estimate);
  });

  it('is kept when the relay itself fails at an attempt, which is broken and does not stay open', async () => {
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    const fails = jest.spyOn(AttemptsInFlight.prototype, 'remove').mockImplementationOnce(() => {
      throw new Error('A fault of the relay.');
    });
    const response = await ask();
    await expect(response.text()).rejects.toThrow();
    fails.mockRestore();
    const requestId = response.headers.get('x-request-id');
    const told = async () =>
      (await house.eventsOf(requestId)).map(({ data }) => [data.outcome, data.usage.completeness]);
    expect(await told()).toEqual([['broken', 'missing']]);
    expect(await spent()).toBe(estimate);
    relay = await startRelay(house.config);
    await relay.close();
    expect(await told()).toHaveLength(1);
  });

  it('may be there for a cheaper model of the route, and is refused only when there is none', async () => {
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    house.ledger.left = 2n * estimate;
    const response = await ask({ model: 'dear' });
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('gpt-4o')]);
    expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
      { data: { attempt: 1, usage: { requestedModel: 'gpt-4o' } } },
    ]);
    // What is leased by now lies here for longer than there is hope for more.
    await delay(2_500);
    expect((await ask({ model: 'dear' })).status).toBe(200);
    house.ledger.left = 0n;
    const refused = await ask({ model: 'dear', max_tokens: 1_000 });
    expect([refused.status, await refused.text()]).toEqual([402, expect.stringContaining('0.010018 USD')]);
    await relay.close();
  });

  it('does not stay with a key: after a hundred that failed, there is as much as before (fault 41)', async () => {
    house.ledger.left = 2n * estimate;
    for (let round = 0; round < 10; round += 1) {
      const responses = await Promise.all(Array.from({ length: 10 }, () => ask({ model: 'nowhere' })));
      for (const { status } of responses) expect(status).toBe(502);
    }
    await relay.close();
    expect(house.ledger.left).toBe(2n * estimate);
  });

  it('is not there for a request that the wallet cannot bear: it is told with 402, and nothing goes upstream', async () => {
    house.ledger.left = estimate - 1n;
    house.upstream.received.length = 0;
    const response = await ask();
    expect([response.status, house.upstream.received.length]).toEqual([402, 0]);
    expect(await response.json()).toMatchObject({
      error: {
        message: `This request may cost up to ${formatAmount(estimate)} USD, and wallet "default" has less left: top it up, or limit the request's output tokens.`,
        type: 'insufficient_quota',
        code: 'insufficient_quota',
      },
    });
    house.ledger.left = estimate;
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    await eventually(async () => expect((await ask()).status).toBe(200));
    await relay.close();
  });

  it('is there for as long as what was leased lasts while the ledger is away, and then the answer is 503', async () => {
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    expect((await ask()).status).toBe(200);
    house.ledger.stop();
    let served = 0;
    let last = await ask();
    for (; last.status === 200 && served < 1_000; served += 1) {
      await last.text();
      last = await ask();
    }
    expect(served).toBeGreaterThan(10);
    expect([last.status, await last.text()]).toEqual([503, expect.stringContaining('The ledger does not answer')]);
    house.ledger.start();
    await eventually(async () => expect((await ask()).status).toBe(200));
    expect(await spent()).toBe(BigInt(served + 2) * cost);
  });
});

describe('a key with limits', () => {
  it('is told what is left of them, and refused with 429 beyond them', async () => {
    const key = 'tg-a-key-with-limits';
    const policy = { limits: { requestsPerMinute: 2, tokensPerMinute: 100_000 } };
    await house.putKey(key, { ...CALLER, keyId: 'limited', status: 'active', policy });
    answerWith(200, { model: 'gpt-4o', choices: [], usage });
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
    // Not across the end of a minute.
    const leftMs = 60_000 - (Date.now() % 60_000);
    if (leftMs < 5_000) await delay(leftMs);
    await eventually(async () => expect((await fetch(`${relay.url}/v1/models`, { headers })).status).toBe(200));
    const responses: Response[] = [];
    for (let request = 0; request < 3; request += 1) responses.push(await ask({}, { headers }));
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 429]);
    const told = (name: string) => responses.map((response) => response.headers.get(name));
    expect(told('x-ratelimit-limit-requests')).toEqual(['2', '2', '2']);
    expect(told('x-ratelimit-remaining-requests')).toEqual(['1', '0', '0']);
    expect(Number(told('x-ratelimit-remaining-tokens')[0])).toBeGreaterThan(99_000);
    expect(Number(told('retry-after')[2])).toBeGreaterThan(0);
    expect(await responses[2]?.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } });
    await relay.close();
  });
});
