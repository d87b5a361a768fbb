import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { KV } from '@nats-io/kv';
import pg from 'pg';
import { openSecret, secretsKey } from '#config/seal-secret.js';
import { channelEntryName, type PublishedChannel, publishedChannel } from '#contracts/channel.js';
import { buckets } from '#contracts/streams.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { secretsKeyOfTests, TestControl } from '../test-control.fixture.js';

const secret = 'sk-live-0123456789-never-to-be-seen';
const keys = [secretsKey(Buffer.from(secretsKeyOfTests, 'base64'))];
const openai = {
  ...{ adapter: 'openai', baseUrl: 'https://api.openai.com/v1', models: { fast: 'gpt-5-mini' } },
  ...{ region: 'eu', priority: 10, weight: 2.5, timeouts: { firstByteMs: 5_000 } },
  healthCheck: { everyMs: 10_000, path: '/v1/models' },
};

let control: TestControl;
let bucket: KV;
let acmeToken: string;

beforeAll(async () => {
  control = await TestControl.start();
  bucket = await control.bucket(buckets.channels);
  acmeToken = await control.organisation('acme');
});
afterAll(() => control.stop());

const create = (id: string, more = {}) => control.did('POST /v1/channels', { body: { id, ...openai, ...more } });

async function told(id: string): Promise<PublishedChannel | undefined> {
  const entry = await bucket.get(channelEntryName(id));
  return entry?.operation === 'PUT' ? publishedChannel.parse(entry.json()) : undefined;
}

async function openedSecret(id: string): Promise<string | undefined> {
  const channel = await told(id);
  return channel?.secret && openSecret(channel.secret, channel, keys);
}

describe('a channel', () => {
  it('is told to the relays when it is created, with its secret sealed for it alone', async () => {
    const created = await create('first', { secret });
    expect(created).toMatchObject({ id: 'first', ...openai });
    expect(created['secretSetAt']).toEqual(expect.any(String));
    expect(await told('first')).toMatchObject({ id: 'first', ...openai });
    expect(await openedSecret('first')).toBe(secret);
    expect(await control.did('GET /v1/channels/first')).toEqual(created);
  });

  it.each([
    ['baseUrl', { ...openai, baseUrl: 'https://elsewhere.example/v1' }],
    ['adapter', { ...openai, adapter: 'openrouter' }],
    ['settings', { ...openai, settings: { region: 'us' } }],
    ['organisation', { ...openai, organisation: 'acme' }],
  ])('of another %s needs its secret again: nobody else gets it, and nobody else spends it', async (name, body) => {
    const id = `redirect-${name.toLowerCase()}`;
    await create(id, { secret });
    const path = `PUT /v1/channels/${id}`;
    const refused = await control.call(path, { body });
    expect({ status: refused.status, body: refused.body }).toMatchObject({
      ...{ status: 409, body: { error: { code: 'secret_required', param: 'secret' } } },
    });
    expect(await told(id)).toMatchObject(openai);
    await control.did(path, { body: { ...body, secret } });
    expect(await told(id)).toMatchObject(body);
  });

  it('of one organisation does not become another’s, or everybody’s, without its secret', async () => {
    await create('private', { secret, organisation: 'acme' });
    const { status } = await control.call('PUT /v1/channels/private', { body: openai });
    expect([status, await told('private')]).toMatchObject([409, { organisation: 'acme' }]);
  });

  it('of an organisation that is not there is refused', async () => {
    const body = { ...openai, organisation: 'nobody' };
    const refusal = [400, { error: { code: 'organisation_unknown', param: 'organisation' } }];
    const made = await control.call('POST /v1/channels', { body: { ...body, id: 'nobodys' } });
    expect([made.status, made.body]).toMatchObject(refusal);
    await create('somebodys');
    const changed = await control.call('PUT /v1/channels/somebodys', { body });
    expect([changed.status, changed.body]).toMatchObject(refusal);
  });

  it('is replaced as a whole, but for a secret that is left out; null takes it away', async () => {
    await create('changes', { secret });
    const path = 'PUT /v1/channels/changes';
    const { adapter, baseUrl } = openai;
    const plain = { adapter, baseUrl, models: ['gpt-5-mini'] };
    const changed = await control.did(path, { body: plain });
    expect(changed).not.toHaveProperty('region');
    expect(await told('changes')).toEqual({ id: 'changes', ...plain, secret: expect.anything() });
    expect(await openedSecret('changes')).toBe(secret);
    await control.did(path, { body: { ...plain, secret: 'sk-new' } });
    expect(await openedSecret('changes')).toBe('sk-new');
    expect(await control.did(path, { body: { ...plain, secret: null } })).not.toHaveProperty('secretSetAt');
    expect(await told('changes')).toEqual({ id: 'changes', ...plain });
  });

  it('that is removed is gone for the relays, with its secret, and its id stays taken', async () => {
    await create('removed', { secret });
    const removed = await control.did('DELETE /v1/channels/removed');
    expect(removed).toMatchObject({ id: 'removed', removedAt: expect.any(String) });
    expect(await told('removed')).toBeUndefined();
    for (const route of ['GET', 'DELETE']) {
      expect((await control.call(`${route} /v1/channels/removed`)).status).toBe(404);
    }
    expect((await control.call('PUT /v1/channels/removed', { body: openai })).status).toBe(404);
    const again = await control.call('POST /v1/channels', { body: { id: 'removed', ...openai } });
    expect([again.status, again.body['error']]).toMatchObject([409, { code: 'id_taken', param: 'id' }]);
    expect((await control.did('GET /v1/channels'))['data']).toContainEqual(removed);
  });

  it.each<[what: string, body: object, param: string]>([
    ['a module for an adapter', { adapter: '../../evil.js' }, 'adapter'],
    ['a password in its URL', { baseUrl: 'https://user:pass@api.openai.com' }, 'baseUrl'],
    ['a key in its URL', { baseUrl: 'https://api.openai.com/v1?api-key=k' }, 'baseUrl'],
    ['no URL', { baseUrl: 'api.openai.com' }, 'baseUrl'],
    ['another scheme', { baseUrl: 'file:///etc/passwd' }, 'baseUrl'],
    ['no model', { models: [] }, 'models'],
    ['an empty secret', { secret: '' }, 'secret'],
    ['an unknown field', { apiKey: secret }, 'apiKey'],
    ['the id of a reported one', { id: 'reported_gateway' }, 'id'],
  ])('with %s is refused', async (_, wrong, param) => {
    const answer = await control.call('POST /v1/channels', { body: { ...openai, ...wrong } });
    expect([answer.status, answer.body['error']]).toMatchObject([400, { param }]);
  });

  it("is the platform's, not an organisation's", async () => {
    const token = acmeToken;
    expect((await control.call('GET /v1/channels', { token })).status).toBe(403);
    expect((await control.call('POST /v1/channels', { token, body: openai })).status).toBe(403);
  });
});

it('a secret is in no answer, log, audit entry, table or bucket', async () => {
  const written: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    jest.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0),
  );
  const debugging = await TestControl.startOn(control.nats, control.database, { TOLLGATE_LOG_LEVEL: 'debug' });
  const answers = [];
  try {
    const call = (route: string, body?: unknown) => debugging.call(route, { body });
    answers.push(await call('POST /v1/channels', { id: 'watched', ...openai, secret }));
    answers.push(await call('POST /v1/channels', { id: 'watched', ...openai, secret }));
    answers.push(await call('POST /v1/channels', { id: 'no/id', ...openai, secret }));
    answers.push(await call('POST /v1/channels', `{"id":"broken","secret":"${secret}",}`));
    answers.push(await call('PUT /v1/channels/watched', { ...openai, priority: 11, secret: `${secret}-2` }));
    answers.push(await call('PUT /v1/channels/watched', { ...openai, weight: secret, secret }));
    answers.push(await call('PUT /v1/channels/nowhere', { ...openai, secret }));
    answers.push(await call('GET /v1/channels/watched'), await call('GET /v1/channels'));
    answers.push(await call('GET /v1/audit-log'));
  } finally {
    await debugging.app.close();
    for (const spy of spies) spy.mockRestore();
  }
  expect(answers.map(({ status }) => status)).toEqual([201, 409, 400, 400, 200, 400, 404, 200, 200, 200]);
  const audited = answers.at(-1)?.body['data'] as { action: string; target: object; after: object }[];
  expect(audited.filter(({ target }) => JSON.stringify(target).includes('watched'))).toMatchObject([
    { action: 'reviseChannel', target: { channel: 'watched' }, before: { priority: 10 }, after: { priority: 11 } },
    { action: 'createChannel', target: { channel: 'watched' }, after: { id: 'watched', priority: 10 } },
  ]);

  const stored = [];
  for await (const entry of await bucket.history()) stored.push(entry.string());
  const database = new pg.Client(control.database.superuserUrl);
  await database.connect();
  for (const table of ['channel', 'audit_entry']) {
    stored.push(JSON.stringify((await database.query(`SELECT * FROM control.${table}`)).rows));
  }
  await database.end();
  const everything = [...answers.map(({ text }) => text), ...written, ...stored].join('\n');
  expect(everything).toContain('watched');
  for (const form of [
    secret,
    Buffer.from(secret).toString('base64').slice(0, 40),
    Buffer.from(secret).toString('hex'),
  ]) {
    expect(everything).not.toContain(form);
  }
  // The same secret twice is not the same ciphertext.
  await create('twin', { secret });
  expect((await told('twin'))?.secret?.ciphertext).not.toBe((await told('first'))?.secret?.ciphertext);
});

it('without a key to seal with, channels have no secrets', async () => {
  const keyless = await TestControl.startOn(control.nats, control.database, { TOLLGATE_SECRETS_KEY: undefined });
  try {
    const refused = await keyless.call('POST /v1/channels', { body: { id: 'keyless', ...openai, secret } });
    expect([refused.status, refused.body['error']]).toMatchObject([409, { code: 'secrets_key_missing' }]);
    await keyless.did('POST /v1/channels', { body: { id: 'keyless', ...openai } });
  } finally {
    await keyless.app.close();
  }
});

it('the relays are told at the next start, or as soon as NATS is back, of what they could not be told', async () => {
  await create('lost');
  await bucket.delete(channelEntryName('lost'));
  await bucket.put(channelEntryName('stray'), JSON.stringify({ id: 'stray', ...openai }));
  await control.restart();
  expect(await told('lost')).toMatchObject({ id: 'lost' });
  expect(await told('stray')).toBeUndefined();

  await control.nats.kill();
  const unsaid = await control.call('POST /v1/channels', { body: { id: 'unsaid', ...openai } });
  expect([unsaid.status, unsaid.body['error']]).toMatchObject([503, { code: 'relays_not_told' }]);
  await control.nats.restart();
  await eventually(async () => expect(await told('unsaid')).toMatchObject({ id: 'unsaid' }), 20_000);
  expect((await control.call('GET /readyz')).status).toBe(200);
});
