import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { KEY, RelayHouse, UPSTREAM_KEY } from './relay.fixture.js';
import { startRelayProcess, type RelayProcess } from './relay-process.fixture.js';

let house: RelayHouse;
let environment: Record<string, string>;
let relay: RelayProcess;

beforeAll(async () => {
  house = await RelayHouse.build();
  environment = { ...house.environment, [UPSTREAM_KEY.name]: UPSTREAM_KEY.value, TOLLGATE_LOG_LEVEL: 'debug' };
  relay = await startRelayProcess(environment);
});
afterAll(async () => {
  await relay.stop('SIGKILL');
  await house.tearDown();
});

const PROMPT = 'the prompt that nobody may keep';
const COMPLETION = 'the completion that nobody may keep';
const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
const sse = (message: object) => `data: ${JSON.stringify({ model: 'gpt-4o', ...message })}\n\n`;
const choices = [{ index: 0, delta: { content: COMPLETION }, finish_reason: null }];

function post(stream: boolean): Promise<Response> {
  return fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4o', stream, messages: [{ role: 'user', content: PROMPT }] }),
  });
}

async function killAndRestart(): Promise<void> {
  await relay.stop('SIGKILL');
  relay = await startRelayProcess(environment);
}

const journal = () => join(house.folder, 'journal/relay-1');
const journalText = () =>
  readdirSync(journal())
    .map((name) => readFileSync(join(journal(), name), 'utf8'))
    .join('');

/** Each event's outcome. A crash may put an event on the log twice; then it is the same one, to the letter. */
async function outcomes(): Promise<string[]> {
  const contents = new Map<string, string>();
  for (const { id, datahash, data } of await house.events()) {
    const content = `${data.outcome} ${data.usage.completeness} ${datahash}`;
    expect(contents.get(id) ?? content).toBe(content);
    contents.set(id, content);
  }
  return [...contents.values()].map((content) => content.slice(0, -65));
}

describe('a relay that is killed', () => {
  it('mid-stream leaves one expired event of the attempt, which nobody takes for free', async () => {
    house.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse({ choices }));
    };
    const response = await post(true);
    await response.body?.getReader().read();
    await killAndRestart();
    expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
      { data: { outcome: 'expired', usage: { completeness: 'missing', requestedModel: 'gpt-4o' } } },
    ]);
  });

  it('after the client saw the end, and before the broker had the event, publishes it once (fault 9)', async () => {
    house.upstream.answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'gpt-4o', usage }));
    };
    const twenty = () => Promise.all(Array.from({ length: 20 }, () => post(false)));
    // Money for so many is leased by then: the ledger, too, is away with the broker.
    for (const response of await twenty()) expect(await response.json()).toMatchObject({ usage });
    await house.nats.kill();
    const responses = await twenty();
    for (const response of responses) expect(await response.json()).toMatchObject({ usage });
    await relay.stop('SIGKILL');
    await house.nats.restart();
    relay = await startRelayProcess(environment);
    for (const response of responses) {
      expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
        { data: { outcome: 'completed', usage: { completeness: 'final' } } },
      ]);
    }
  });

  it('under load, again and again, ends with exactly one event for every attempt', async () => {
    const asked = house.upstream.received.length;
    const before = (await outcomes()).length;
    let going = true;
    const clients = Array.from({ length: 8 }, async () => {
      while (going) {
        await post(false)
          .then((response) => response.arrayBuffer())
          .catch(() => delay(20));
      }
    });
    const answersMore = async () => {
      const enough = house.upstream.received.length + 20;
      while (house.upstream.received.length < enough) await delay(5);
    };
    for (let kill = 0; kill < 3; kill += 1) {
      await answersMore();
      await killAndRestart();
    }
    await answersMore();
    going = false;
    await Promise.all(clients);
    expect(await relay.stop('SIGTERM')).toBe(0);
    relay = await startRelayProcess(environment);
    // What reached the upstream was opened before. An attempt that was opened and never sent is expired too.
    const sent = house.upstream.received.length - asked;
    const events = (await outcomes()).slice(before);
    expect(sent).toBeGreaterThan(50);
    expect(events.length).toBeGreaterThanOrEqual(sent);
    expect(events.filter((outcome) => outcome !== 'completed final' && outcome !== 'expired missing')).toEqual([]);
    expect(events.length - sent).toBeLessThanOrEqual(3 * clients.length);
  });

  it('by a journal that cannot be written has sent nothing, and says which and what to do', async () => {
    let isSent = false;
    house.upstream.answer = () => (isSent = true);
    execFileSync('prlimit', ['--pid', String(relay.pid), '--fsize=1']);
    await expect(post(false)).rejects.toThrow();
    expect(await relay.stop('SIGTERM')).toBe(1);
    expect(isSent).toBe(false);
    expect(relay.log()).toContain(`The relay journal ${journal()} cannot be written (EFBIG`);
    relay = await startRelayProcess(environment);
  });

  it('by SIGTERM finishes its streams first', async () => {
    house.upstream.answer = async (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(sse({ choices }));
      await delay(500);
      response.end(`${sse({ choices: [], usage })}data: [DONE]\n\n`);
    };
    const response = await post(true);
    const stopped = relay.stop('SIGTERM');
    expect(await response.text()).toContain('[DONE]');
    expect(await stopped).toBe(0);
    expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
      { data: { outcome: 'completed' } },
    ]);
    relay = await startRelayProcess(environment);
  });

  it('by SIGTERM says to a client that has no answer yet that it was the relay', async () => {
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => (asked = resolve));
    house.upstream.answer = () => asked();
    const answered = post(false);
    await isAsked;
    const stopped = relay.stop('SIGTERM');
    const response = await answered;
    expect([response.status, await response.json()]).toMatchObject([
      503,
      { error: { message: expect.stringContaining('The relay was stopped') } },
    ]);
    expect(await stopped).toBe(0);
    expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([{ data: { outcome: 'broken' } }]);
    relay = await startRelayProcess(environment);
  });

  it('has kept no prompt, no completion and no key, neither in its log nor in its journal (fault 55)', () => {
    const kept = relay.log() + journalText();
    for (const secret of [PROMPT, COMPLETION, KEY, UPSTREAM_KEY.value, environment['TOLLGATE_KEY_PEPPER']!]) {
      expect(kept).not.toContain(secret);
    }
    expect(relay.log()).toContain('relay is ready');
  });

  it('does not share its journal with a second one', async () => {
    await expect(startRelayProcess(environment)).rejects.toThrow('is in use by process');
  });
});
