import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import { TestControl } from '#apps/control/test-control.fixture.js';
import { PEPPER, RelayHouse } from '#apps/relay/relay.fixture.js';
import { type RunningRelay, startRelay } from '#apps/relay/start-relay.js';
import { type TestDatabase, testDatabase } from '#testing/database.js';
import { eventually } from '../support/eventually.js';

const proxy = { TOLLGATE_TRUSTED_PROXIES: ['127.0.0.0/8'] };
const path = '/v1/organisations/acme';

let house: RelayHouse;
let database: TestDatabase;
let control: TestControl;
let relay: RunningRelay;

beforeAll(async () => {
  [house, database] = await Promise.all([RelayHouse.build(), testDatabase()]);
  control = await TestControl.startOn(house.nats, database, { TOLLGATE_KEY_PEPPER: PEPPER });
  await control.organisation('acme');
  relay = await startRelay({ ...house.config, ...proxy });
});
afterAll(async () => {
  await relay.close();
  await control.app.close();
  await database.drop();
  await house.tearDown();
});
beforeEach(() => {
  house.upstream.received.length = 0;
  house.upstream.answer = (_request, response, body) => {
    const { model } = JSON.parse(body) as { model: string };
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model, usage }));
  };
});

const issue = async (id: string) => (await control.did(`POST ${path}/keys`, { body: { id, projectId: 'web' } }))['key'];
const setPolicy = (level: string, body: object) => control.did(`PUT ${path}${level}/policy`, { body });

interface Call {
  readonly model?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

function call(key: unknown, { model = 'gpt-4o', headers = {}, body = {} }: Call = {}): Promise<Response> {
  return fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(key)}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...body }),
  });
}
const statusOf = async (...asked: Parameters<typeof call>) => {
  const response = await call(...asked);
  await response.arrayBuffer();
  return response.status;
};
/** The relays are told when control has answered; they hear it at once, but not before. */
const soon = (expectation: () => Promise<void>) => eventually(expectation, 1_000);

describe('a key', () => {
  it('serves as soon as it is issued, and is refused within a second of its revocation, also under load', async () => {
    const key = await issue('revoked');
    await soon(async () => expect(await statusOf(key)).toBe(200));
    let revokedAt = Infinity;
    const lastServed = Promise.all(
      Array.from({ length: 8 }, async () => {
        let servedAt = 0;
        for (;;) {
          const askedAt = Date.now();
          if ((await statusOf(key)) !== 200) return servedAt;
          servedAt = askedAt;
          if (askedAt > revokedAt + 5_000) return servedAt;
        }
      }),
    );
    await delay(300);
    await control.did(`DELETE ${path}/keys/revoked`);
    revokedAt = Date.now();
    for (const servedAt of await lastServed) expect(servedAt - revokedAt).toBeLessThan(1_000);
    expect(await statusOf(key)).toBe(401);
  });

  it('that is rotated serves with both secrets, as one key, until the grace period is over', async () => {
    const old = await issue('rotated');
    const { key } = await control.did(`POST ${path}/keys/rotated/rotate`, { body: { graceSeconds: 3 } });
    await soon(async () => expect(await statusOf(key)).toBe(200));
    for (const secret of [old, key]) {
      const response = await call(secret);
      expect(response.status).toBe(200);
      expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
        { org: 'acme', data: { keyId: 'rotated', teamId: 'search', projectId: 'web' } },
      ]);
    }
    await eventually(async () => expect(await statusOf(old)).toBe(401), 5_000);
    expect(await statusOf(key)).toBe(200);
  });
});

describe('a policy', () => {
  it('is followed within a second, in the shape of the protocol, and nothing goes upstream', async () => {
    const key = await issue('denied');
    await soon(async () => expect(await statusOf(key)).toBe(200));
    await setPolicy('/teams/search', { models: { deny: ['gpt-*', 'claude-*'] } });
    await soon(async () => expect(await statusOf(key)).toBe(403));
    house.upstream.received.length = 0;

    const message = 'The policy of team "search" (models.deny) does not permit the model "gpt-4o": call another one.';
    expect(await (await call(key)).json()).toEqual({
      error: { message, type: 'permission_error', param: 'model', code: 'forbidden' },
    });
    const anthropic = await fetch(`${relay.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': String(key), 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
      body: JSON.stringify({ model: 'claude-sonnet-5', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }),
    });
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      403,
      { type: 'error', error: { type: 'permission_error', message: expect.stringContaining('team "search"') } },
    ]);
    expect(house.upstream.received).toEqual([]);

    await setPolicy('/teams/search', {});
    await soon(async () => expect(await statusOf(key)).toBe(200));
  });

  it('has a model called by its alias, and recorded and listed under the names that they are', async () => {
    const key = await issue('aliased');
    await setPolicy('/projects/web', { aliases: { fast: 'gpt-4o' }, models: { allow: ['gpt-4o'] } });
    await soon(async () => expect(await statusOf(key, { model: 'fast' })).toBe(200));
    house.upstream.received.length = 0;
    const response = await call(key, { model: 'fast' });
    expect(JSON.parse(house.upstream.received[0]?.body ?? '')).toMatchObject({ model: 'gpt-4o' });
    expect(await house.eventsOf(response.headers.get('x-request-id'))).toMatchObject([
      { data: { usage: { requestedModel: 'gpt-4o' } } },
    ]);
    const models = await fetch(`${relay.url}/v1/models`, { headers: { authorization: `Bearer ${String(key)}` } });
    const { data } = (await models.json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(['gpt-4o', 'fast']);
    await setPolicy('/projects/web', {});
  });

  it('is about the address that our proxy names, the output that is asked for, and what a request says of itself', async () => {
    const key = await issue('bounded');
    const policy = { ipRanges: ['198.51.100.0/24'], maxOutputTokens: 100, requiredMetadata: ['cost-centre'] };
    await setPolicy('/keys/bounded', policy);
    const permitted: Call = {
      headers: { 'x-forwarded-for': '198.51.100.7', 'x-tollgate-metadata': '{"cost-centre":"4711"}' },
      body: { max_tokens: 100 },
    };
    await soon(async () => expect(await statusOf(key, permitted)).toBe(200));
    expect(house.upstream.received.at(-1)?.request.headers).not.toHaveProperty('x-tollgate-metadata');
    const others: readonly Call[] = [
      { ...permitted, headers: { ...permitted.headers, 'x-forwarded-for': '198.51.100.7, 203.0.113.1' } },
      { ...permitted, headers: { 'x-forwarded-for': '198.51.100.7' } },
      { ...permitted, body: {} },
      { ...permitted, body: { max_tokens: 100, n: 2 } },
    ];
    for (const other of others) expect([other, await statusOf(key, other)]).toEqual([other, 403]);
  });

  it('that keeps the data in a region leaves no channel without one', async () => {
    const key = await issue('regional');
    await setPolicy('/keys/regional', { regions: ['eu'] });
    await soon(async () => expect(await statusOf(key)).toBe(403));
  });
});
