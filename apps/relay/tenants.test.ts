import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CALLER, KEY, RelayHouse } from './relay.fixture.js';
import { type RunningRelay, startRelay } from './start-relay.js';

const STRANGER = 'tg-a-key-of-another-organisation';

let house: RelayHouse;
let relay: RunningRelay;

beforeAll(async () => {
  house = await RelayHouse.build();
  await house.putKey(STRANGER, { ...CALLER, keyId: 'key_2', orgId: 'org_2', status: 'active' });
  const shared = { id: 'ch_shared', adapter: 'openai', baseUrl: house.upstream.url, models: ['gpt-5'] };
  const own = { ...shared, id: 'ch_own', models: ['gpt-5', 'gpt-5-tuned'], organisation: CALLER.orgId, priority: -1 };
  writeFileSync(join(house.folder, 'channels.json'), JSON.stringify({ channels: [shared, own] }));
  relay = await startRelay(house.config);
});
afterAll(async () => {
  await relay.close();
  await house.tearDown();
});
beforeEach(() => {
  house.upstream.received.length = 0;
  const usage = { input_tokens: 3, output_tokens: 1, total_tokens: 4 };
  house.upstream.answer = (_request, response) =>
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify({ id: 'resp_1', object: 'response', status: 'completed', model: 'gpt-5', output: [], usage }),
      );
});

function post(body: object, key: string, path = '/v1/responses'): Promise<Response> {
  return fetch(`${relay.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

describe('52: what another organisation has stored at an upstream', () => {
  const asked = { model: 'gpt-5', input: 'And then?', previous_response_id: 'resp_of_another' };

  it('cannot be named where organisations share the account', async () => {
    const refused = await post(asked, STRANGER);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'previous_response_id' } }]);
    expect(house.upstream.received).toEqual([]);
  });

  it('can be named by whose own the account is, and goes there alone', async () => {
    const answered = await post(asked, KEY);
    expect(answered.status).toBe(200);
    const [event] = await house.eventsOf(answered.headers.get('x-request-id'));
    expect(event?.data.channelId).toBe('ch_own');
    expect((await post({ ...asked, previous_response_id: null }, STRANGER)).status).toBe(200);
  });

  it('is not named by a line of a batch', async () => {
    const upload = async (key: string) => {
      const line = { custom_id: 'a', method: 'POST', url: '/v1/responses', body: asked };
      const form = new FormData();
      form.set('purpose', 'batch');
      form.set('file', new Blob([JSON.stringify(line)]), 'in.jsonl');
      const headers = { authorization: `Bearer ${key}` };
      return fetch(`${relay.url}/v1/files`, { method: 'POST', headers, body: form });
    };
    const refused = await upload(STRANGER);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'previous_response_id' } }]);
    expect(house.upstream.received).toEqual([]);
    house.upstream.answer = (_request, response) => response.writeHead(200).end('{"id":"file-1","object":"file"}');
    expect((await upload(KEY)).status).toBe(200);
  });
});

describe('an organisation’s own channel', () => {
  it('is nobody else’s: its models are neither served nor listed, and no dry run shows it', async () => {
    const call = { model: 'gpt-5-tuned', input: 'Hi' };
    expect((await post(call, KEY)).status).toBe(200);
    expect((await post(call, STRANGER)).status).toBe(404);
    const listed = async (key: string) => {
      const models = await fetch(`${relay.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
      return ((await models.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
    };
    expect([await listed(KEY), await listed(STRANGER)]).toEqual([['gpt-5', 'gpt-5-tuned'], ['gpt-5']]);
    const explained = await (await post({ ...call, model: 'gpt-5' }, STRANGER, '/route/v1/responses')).text();
    expect(explained).not.toContain('ch_own');
  });
});
