import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { findPreset } from '../channels/adapters/registry.js';
import { type Channel, openChannel } from '../channels/channel.js';
import { testUpstream, type TestUpstream } from '../relay.fixture.js';
import { steadyNow } from '../steady-now.js';
import { HealthChecks } from './health-checks.js';
import { Vitals } from './vitals.js';

const EVERY_MS = 100;

let upstream: TestUpstream;
let vitals: Vitals;
let checks: HealthChecks;
let told: string[];
let channels: Channel[];

beforeEach(async () => {
  upstream = await testUpstream();
  vitals = new Vitals();
  told = [];
  channels = [checked('checked')];
  checks = new HealthChecks({ table: { channels }, vitals, random: Math.random, tell: (one) => told.push(one) });
});
afterEach(async () => {
  await checks.stop();
  await upstream.stop();
});

function checked(id: string, more: object = {}): Channel {
  const described = {
    ...{ id, adapter: 'openai', baseUrl: upstream.url, models: { a: 'up-a', b: 'up-b' } },
    ...{ healthCheck: { everyMs: EVERY_MS }, ...more },
  };
  return openChannel(described, { adapter: findPreset('openai')!, secret: 'sk', complain: () => undefined });
}

const answering = (status: number, headers: Record<string, string> = {}): TestUpstream['answer'] => {
  return (_request, response) => response.writeHead(status, headers).end('{"data":[]}');
};
const states = (id = 'checked') => ['up-a', 'up-b'].map((model) => vitals.of(id, model).breaker.state(steadyNow()));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !holds(); await delay(10)) {
    if (Date.now() > deadline) throw new Error(`It did not come to this within 10 s: ${what}.`);
  }
}

/** So many checks from now on have been answered. */
async function checksMade(times: number): Promise<void> {
  const before = upstream.received.length;
  await until('checks are made', () => upstream.received.length >= before + times);
}

describe('a channel with a health check', () => {
  it('is asked apart from requests, with its credential, for what costs nothing', async () => {
    upstream.answer = answering(200);
    checks.start();
    await checksMade(3);
    for (const { request, body } of upstream.received) {
      expect([request.method, request.url, request.headers.authorization, body]).toEqual([
        ...['GET', '/v1/models', 'Bearer sk', ''],
      ]);
    }
    expect(states()).toEqual(['closed', 'closed']);
    expect(told).toEqual([]);
  });

  it.each([500, 503, 401, 402])(
    'is isolated with all its models while it answers %d, which is told once',
    async (status) => {
      upstream.answer = answering(status);
      checks.start();
      await checksMade(3);
      expect(states()).toEqual(['open', 'open']);
      expect(told).toEqual([
        `Channel "checked" fails its health check (HTTP ${status}): where no request shows otherwise it gets none.`,
      ]);
    },
  );

  it.each([404, 403, 429, 302])('is not, where it answers %d: somebody is there', async (status) => {
    upstream.answer = answering(status, { location: 'http://127.0.0.1:9/' });
    checks.start();
    await checksMade(3);
    expect(states()).toEqual(['closed', 'closed']);
  });

  it('is isolated where nobody listens, and half open at once when somebody does again', async () => {
    const { port } = new URL(upstream.url);
    await upstream.stop();
    checks.start();
    await until('it is isolated', () => states().join() === 'open,open');
    expect(told.join()).toContain('ECONNREFUSED');
    await delay(1_500);
    // Longer than a breaker's first pause: no request is to find out what a check does.
    expect(states()).toEqual(['open', 'open']);
    upstream = await testUpstream(Number(port));
    upstream.answer = answering(200);
    await until('it is half open', () => states().join() === 'half-open,half-open');
    expect(told.at(-1)).toBe('Channel "checked" passes its health check again.');
  });

  it('is not taken for well because it passes, when requests show otherwise', async () => {
    upstream.answer = answering(200);
    const model = vitals.of('checked', 'up-a');
    for (let failures = 0; failures < 5; failures += 1)
      model.end(model.begin('whole', steadyNow()), 'bad', { nowMs: steadyNow() });
    checks.start();
    await checksMade(4);
    expect(states()).toEqual(['open', 'closed']);
  });

  it('is asked no more once it is gone, and nothing is once the checks have stopped', async () => {
    upstream.answer = answering(200);
    checks.start();
    await checksMade(1);
    channels.length = 0;
    await delay(EVERY_MS);
    const before = upstream.received.length;
    await delay(4 * EVERY_MS);
    expect(upstream.received.length).toBe(before);
    channels.push(checked('again'));
    await checksMade(2);
    await checks.stop();
    const atStop = upstream.received.length;
    await delay(4 * EVERY_MS);
    expect(upstream.received.length).toBe(atStop);
  });

  it('that does not answer is given up, and one check of it is under way at a time', async () => {
    upstream.answer = () => undefined;
    checks.start();
    await until('it is isolated', () => states().join() === 'open,open');
    expect(upstream.received).toHaveLength(1);
  });
});

it('a channel without a health check is asked nothing', async () => {
  const { healthCheck: _none, ...plain } = checked('plain');
  channels.splice(0, 1, plain);
  checks.start();
  await delay(3 * EVERY_MS);
  expect(upstream.received).toEqual([]);
});
