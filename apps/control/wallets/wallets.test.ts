import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { type OtherApps, startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';

let control: TestControl;
let others: { answers: OtherApps; app: INestMicroservice };
let token: string;
beforeAll(async () => {
  control = await TestControl.start();
  others = await startOtherApps(control.nats.url);
  token = await control.organisation('acme');
});
afterAll(async () => {
  await others.app.close();
  await control.stop();
});

const acme = '/v1/organisations/acme';
const headers = { 'idempotency-key': 'k' };

it('shows wallets with their balances, and as CSV', async () => {
  const { data } = await control.did(`GET ${acme}/wallets`, { token });
  expect(data).toEqual([
    {
      ...{ organisationId: 'acme', id: 'default', currency: 'USD', terms: { kind: 'postpaid', creditLimit: '100' } },
      ...{ money: '5', credits: '2.5', unbilled: '1', balance: '6.5' },
    },
  ]);
  const { text } = await control.call(`GET ${acme}/wallets?format=csv`, { token });
  expect(text.split('\r\n')).toEqual([
    'organisationId,id,name,currency,terms.kind,terms.creditLimit,money,credits,unbilled,balance',
    'acme,default,,USD,postpaid,100,5,2.5,1,6.5',
    '',
  ]);
});

it('lets an organisation open wallets and move its money, once per key', async () => {
  const opened = { id: 'research', currency: 'USD', name: 'Research' };
  expect(await control.did(`POST ${acme}/wallets`, { token, body: opened })).toMatchObject({ id: 'research' });
  const body = { from: 'default', to: 'research', currency: 'USD', amount: '3' };
  expect(await control.call(`POST ${acme}/wallet-transfers`, { token, body })).toMatchObject({
    status: 400,
    body: { error: { code: 'idempotency_key_required' } },
  });
  await control.did(`POST ${acme}/wallet-transfers`, { token, body, headers });
  expect(others.answers.asked.at(-1)).toEqual({ orgId: 'acme', ...body, idempotencyKey: 'k' });
});

it("tops up and refunds a named wallet, and passes the ledger's refusal on", async () => {
  const body = { currency: 'USD', amount: '3' };
  await control.did(`POST ${acme}/wallets/research/top-ups`, { body, headers });
  expect(others.answers.asked.at(-1)).toEqual({ orgId: 'acme', wallet: 'research', ...body, idempotencyKey: 'k' });
  await control.did(`POST ${acme}/wallets/research/refunds`, { body, headers });
  expect(others.answers.asked.at(-1)).toEqual({ orgId: 'acme', wallet: 'research', ...body, idempotencyKey: 'k' });
  const tooMuch = { body: { ...body, amount: '1000000' }, headers };
  expect((await control.call(`POST ${acme}/wallets/research/refunds`, tooMuch)).status).toBe(409);
});

it('sets terms, with a limit of a postpaid wallet alone', async () => {
  const set = (terms: object) =>
    control.call(`POST ${acme}/wallets/default/terms`, { body: { currency: 'USD', terms } });
  expect((await set({ kind: 'postpaid', creditLimit: '100' })).status).toBe(200);
  for (const wrong of [
    { kind: 'postpaid' },
    { kind: 'postpaid', creditLimit: '-1' },
    { kind: 'prepaid', creditLimit: '1' },
  ]) {
    expect((await set(wrong)).status).toBe(400);
  }
});

it('assigns a wallet to a team or project that is there', async () => {
  const assign = (kind: string, id: string) =>
    control.call(`POST ${acme}/wallet-assignments`, {
      token,
      body: { currency: 'USD', payer: { kind, id }, wallet: 'research' },
    });
  expect(await assign('team', 'search')).toMatchObject({ status: 201, body: { organisationId: 'acme' } });
  expect((await assign('project', 'web')).status).toBe(201);
  expect((await assign('team', 'web')).body['error']).toMatchObject({ code: 'team_unknown', param: 'payer.id' });
  expect((await assign('project', 'none')).body['error']).toMatchObject({ code: 'project_unknown' });
  expect((await control.did(`GET ${acme}/wallet-assignments`, { token }))['data']).toHaveLength(1);
});

it('gives, lists and revokes grants', async () => {
  const body = { id: 'welcome', currency: 'USD', amount: '10', expiresAt: '2099-01-01T00:00:00Z' };
  expect(await control.did(`POST ${acme}/grants`, { body, headers })).toMatchObject({ id: 'welcome', repeated: false });
  expect(others.answers.asked.at(-1)).toEqual({ orgId: 'acme', ...body, priority: 100, idempotencyKey: 'k' });
  expect((await control.did(`GET ${acme}/grants`, { token }))['data']).toMatchObject([{ id: 'welcome', left: '2.5' }]);
  expect(await control.did(`DELETE ${acme}/grants/welcome`)).toMatchObject({ left: '0', status: 'revoked' });
  expect((await control.call(`DELETE ${acme}/grants/none`)).status).toBe(404);
});
