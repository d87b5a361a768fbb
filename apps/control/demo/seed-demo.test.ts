import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect } from '@nats-io/transport-node';
import { hashKey } from '#config/key-hash.js';
import { directoryEntryName, directoryKey } from '#contracts/directory.js';
import { buckets } from '#contracts/streams.js';
import { testDatabase, type TestDatabase } from '#testing/database.js';
import { testNats, type TestNats } from '#testing/nats.js';
import { type OtherApps, startOtherApps } from '../other-apps.fixture.js';
import { pepper, TestControl } from '../test-control.fixture.js';

const demoKey = 'tg-demo-key-of-the-tests';
let nats: TestNats;
let database: TestDatabase;
let others: { answers: OtherApps; app: INestMicroservice };

beforeEach(async () => {
  [nats, database] = await Promise.all([testNats(), testDatabase()]);
  others = await startOtherApps(nats.url);
});
afterEach(async () => {
  await others.app.close();
  await nats.stop();
  await database.drop();
});

async function told(key: string) {
  const connection = await connect({ servers: nats.url });
  const bucket = await new Kvm(jetstream(connection)).open(buckets.directory);
  const entry = await bucket.get(directoryEntryName(hashKey(key, pepper)));
  await connection.close();
  return directoryKey.parse(entry?.json());
}

it('makes an organisation to try things with, once, whose key the relays know and whose wallet is filled', async () => {
  for (const start of [1, 2]) {
    const control = await TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: demoKey });
    const list = async (what: string) =>
      ((await control.did(`GET /v1/organisations/demo/${what}`))['data'] as { id: string }[]).map(({ id }) => id);
    expect(await list('teams')).toEqual(['research', 'search', 'support']);
    expect(await list('projects')).toEqual(['helpdesk', 'lab', 'web']);
    expect(await list('keys')).toHaveLength(3);
    expect(await told(demoKey)).toMatchObject({ orgId: 'demo', teamId: 'search', projectId: 'web', status: 'active' });
    expect(others.answers.asked).toHaveLength(start);
    await control.app.close();
  }
  const [first, second] = others.answers.asked;
  expect(first).toEqual({ orgId: 'demo', currency: 'USD', amount: '1000', idempotencyKey: 'demo-seed' });
  expect(second).toEqual(first);
});

it('does not bring back the text of a key that was given another secret', async () => {
  const first = await TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: demoKey });
  const { data } = await first.did('GET /v1/organisations/demo/keys');
  const keys = data as { id: string; last4: string }[];
  const { id } = keys.find(({ last4 }) => demoKey.endsWith(last4)) ?? { id: 'none' };
  await first.did(`POST /v1/organisations/demo/keys/${id}/rotate`, { body: { graceSeconds: 0 } });
  await first.app.close();
  const second = await TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: demoKey });
  await expect(told(demoKey)).rejects.toThrow();
  expect((await second.did('GET /v1/organisations/demo/keys'))['data']).toHaveLength(3);
  await second.app.close();
});

it('adds a key that is new to an organisation that is not', async () => {
  const first = await TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: demoKey });
  await first.app.close();
  const second = await TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: `${demoKey}-2` });
  expect((await second.did('GET /v1/organisations/demo/keys'))['data']).toHaveLength(4);
  expect(await told(`${demoKey}-2`)).toMatchObject({ teamId: 'search' });
  expect(await told(demoKey)).toMatchObject({ status: 'active' });
  await second.app.close();
});

it('waits for the ledger', async () => {
  await others.app.close();
  let started = false;
  const starting = TestControl.startOn(nats, database, { TOLLGATE_DEMO_KEY: demoKey }).then((control) => {
    started = true;
    return control;
  });
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(started).toBe(false);
  others = await startOtherApps(nats.url);
  const control = await starting;
  expect(others.answers.asked).toHaveLength(1);
  await control.app.close();
});
