import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, fetch, type Response } from 'undici';
import { MINUTE_MS } from '../admit/take-share.js';
import { CALLER, KEY, RelayHouse, UPSTREAM_KEY } from '../relay.fixture.js';
import { type RelayProcess, startRelayProcess } from '../relay-process.fixture.js';

let house: RelayHouse;
let relay: RelayProcess;

const environment = (workers: number) => ({
  ...house.environment,
  [UPSTREAM_KEY.name]: UPSTREAM_KEY.value,
  TOLLGATE_RELAY_WORKERS: String(workers),
});

beforeEach(async () => {
  house = await RelayHouse.build();
  relay = await startRelayProcess(environment(2));
});
afterEach(async () => {
  await relay.stop('SIGKILL');
  await house.tearDown();
});

const sse = (message: object) => `data: ${JSON.stringify({ model: 'gpt-4o', ...message })}\n\n`;
const beginning = sse({ choices: [{ index: 0, delta: { content: 'Good day' }, finish_reason: null }] });
const end = `${sse({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 } })}data: [DONE]\n\n`;

const journalOf = (worker: string) => join(house.folder, 'journal', worker);
const pidOf = (worker: string) => Number(readFileSync(join(journalOf(worker), 'lock'), 'utf8'));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Each over a connection of its own, so that both workers get some. @returns once all have begun. */
async function openStreams(streams: number, key = KEY): Promise<{ response: Response; rest: Promise<string> }[]> {
  return Promise.all(
    Array.from({ length: streams }, async () => {
      const response = await fetch(`${relay.url}/v1/chat/completions`, {
        dispatcher: new Agent({ connections: 1 }),
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'gpt-4o', stream: true, messages: [] }),
      });
      return { response, rest: response.text().catch(() => 'broken off') };
    }),
  );
}

/** The upstream's streams stand still until they are told to go on. */
function heldStreams(): () => void {
  let goOn = () => {};
  const asked = new Promise<void>((resolve) => (goOn = resolve));
  house.upstream.answer = async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(beginning);
    await asked;
    response.end(end);
  };
  return goOn;
}

async function outcomesOf(streams: readonly { response: Response }[]): Promise<string[]> {
  const events = await Promise.all(streams.map(({ response }) => house.eventsOf(response.headers.get('x-request-id'))));
  return events.flat().map(({ source, data }) => `${source} ${data.outcome}`);
}

const counted = (all: readonly string[], one: string) => all.filter((other) => other === one).length;

describe('a relay of two workers', () => {
  it('serves on when one is killed, which comes back and recovers its attempts', async () => {
    const goOn = heldStreams();
    const streams = await openStreams(8);
    const killed = pidOf('relay-1_w2');
    process.kill(killed, 'SIGKILL');
    while (pidOf('relay-1_w2') === killed) await delay(20);
    const [after] = await Promise.all([openStreams(2), delay(200).then(goOn)]);
    const answers = await Promise.all(streams.map(({ rest }) => rest));
    const broken = counted(answers, 'broken off');
    expect(broken).toBeGreaterThan(0);
    expect(answers.filter((text) => text.includes('[DONE]'))).toHaveLength(streams.length - broken);
    expect(await Promise.all(after.map(({ rest }) => rest))).not.toContain('broken off');
    const outcomes = await outcomesOf(streams);
    expect(counted(outcomes, 'tollgate/relay/relay-1_w2 expired')).toBe(broken);
    expect(counted(outcomes, 'tollgate/relay/relay-1 completed')).toBe(streams.length - broken);
  });

  it('counts the limits of a key for both together, and each serves a part', async () => {
    const policy = { limits: { requestsPerMinute: 12 } };
    await house.putKey('tg-limited', { ...CALLER, keyId: 'key_limited', status: 'active', policy });
    const goOn = heldStreams();
    goOn();
    const leftMs = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (leftMs < 5_000) await delay(leftMs);
    // Connections go to the workers by turns.
    const first = await openStreams(4, 'tg-limited');
    const streams = [...first, ...(await openStreams(40, 'tg-limited'))];
    await Promise.all(streams.map(({ rest }) => rest));
    const statuses = streams.map(({ response }) => response.status);
    const served = streams.filter(({ response }) => response.status === 200);
    expect(served.length).toBeLessThanOrEqual(12);
    // Of a worker's last share a part may be left.
    expect(served.length).toBeGreaterThan(8);
    expect(statuses.filter((status) => status === 429)).toHaveLength(44 - served.length);
    expect(new Set(await outcomesOf(first))).toEqual(
      new Set(['tollgate/relay/relay-1 completed', 'tollgate/relay/relay-1_w2 completed']),
    );
  });

  it('finishes its streams first when it is told to stop', async () => {
    const goOn = heldStreams();
    const streams = await openStreams(4);
    const stopped = relay.stop('SIGTERM');
    await delay(300);
    goOn();
    for (const { rest } of streams) expect(await rest).toContain('[DONE]');
    expect(await stopped).toBe(0);
    expect(existsSync(join(journalOf('relay-1_w2'), 'lock'))).toBe(false);
  });

  it('leaves nothing behind when it is started again with one', async () => {
    heldStreams();
    const streams = await openStreams(2);
    const workers = ['relay-1', 'relay-1_w2'].map(pidOf);
    for (const pid of workers) process.kill(pid, 'SIGKILL');
    while (workers.some(isAlive)) await delay(5);
    await relay.stop('SIGKILL');
    relay = await startRelayProcess(environment(1));
    expect((await outcomesOf(streams)).sort()).toEqual([
      'tollgate/relay/relay-1 expired',
      'tollgate/relay/relay-1_w2 expired',
    ]);
    while (existsSync(journalOf('relay-1_w2'))) await delay(20);
  });
});
