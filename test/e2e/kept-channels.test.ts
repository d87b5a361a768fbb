import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { secretsKeyOfTests, TestControl } from '#apps/control/test-control.fixture.js';
import { PEPPER, RelayHouse } from '#apps/relay/relay.fixture.js';
import { type RunningRelay, startRelay } from '#apps/relay/start-relay.js';
import { type TestDatabase, testDatabase } from '#testing/database.js';
import { eventually } from '../support/eventually.js';

let house: RelayHouse;
let database: TestDatabase;
let control: TestControl;
let relay: RunningRelay;
let key: unknown;

beforeAll(async () => {
  [house, database] = await Promise.all([RelayHouse.build(), testDatabase()]);
  control = await TestControl.startOn(house.nats, database, { TOLLGATE_KEY_PEPPER: PEPPER });
  await control.organisation('acme');
  ({ key } = await control.did('POST /v1/organisations/acme/keys', { body: { projectId: 'web' } }));
  relay = await startRelay({ ...house.config, TOLLGATE_SECRETS_KEY: secretsKeyOfTests });
  house.upstream.answer = (_request, response) => {
    const usage = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ model: 'real', usage }));
  };
});
afterAll(async () => {
  await relay.close();
  await control.app.close();
  await database.drop();
  await house.tearDown();
});

async function call(): Promise<number> {
  const response = await fetch(`${relay.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${String(key)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'alias', messages: [{ role: 'user', content: 'Hi' }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

/** What the upstream was sent last. */
function lastCall() {
  const { request, body } = house.upstream.received.at(-1)!;
  return { secret: request.headers.authorization, model: (JSON.parse(body) as { model: string }).model };
}

it('a channel that is created, changed and removed through the API is used so by the relay within a second', async () => {
  expect(await call()).toBe(404);
  const channel = { adapter: 'openai', baseUrl: house.upstream.url, models: { alias: 'real' } };
  await control.did('POST /v1/channels', { body: { id: 'kept', ...channel, secret: 'sk-one' } });
  await eventually(async () => expect(await call()).toBe(200), 1_000);
  expect(lastCall()).toEqual({ secret: 'Bearer sk-one', model: 'real' });

  await control.did('PUT /v1/channels/kept', { body: { ...channel, models: { alias: 'newer' }, secret: 'sk-two' } });
  await eventually(async () => {
    await call();
    expect(lastCall()).toEqual({ secret: 'Bearer sk-two', model: 'newer' });
  }, 1_000);

  await control.did('DELETE /v1/channels/kept');
  await eventually(async () => expect(await call()).toBe(404), 1_000);
});
