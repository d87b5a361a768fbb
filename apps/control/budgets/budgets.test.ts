import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';
import { BudgetAnswers } from './budget-answers.fixture.js';

let control: TestControl;
let app: INestMicroservice;
let answers: BudgetAnswers;
let token: string;
beforeAll(async () => {
  control = await TestControl.start();
  app = (await startOtherApps(control.nats.url)).app;
  answers = app.get(BudgetAnswers);
  token = await control.organisation('acme');
});
afterAll(async () => {
  await app.close();
  await control.stop();
});

const acme = '/v1/organisations/acme';
const monthly = { currency: 'USD', amount: '10', period: 'month', enforcement: 'hard' };
const create = (body: object) => control.call(`POST ${acme}/budgets`, { token, body });

it('lets an organisation limit itself, and says what it left out', async () => {
  const { status, body } = await create({ ...monthly, scope: 'organisation' });
  expect([status, body]).toMatchObject([201, { organisationId: 'acme', current: { spent: '4', remaining: '5' } }]);
  expect(answers.asked.at(-1)).toEqual({
    ...{ orgId: 'acme', id: body['id'], scope: 'organisation', scopeId: 'acme' },
    ...{ ...monthly, timeZone: 'UTC', thresholds: [50, 80, 100] },
  });
});

it('limits a team, project or key that there is', async () => {
  const key = await control.did(`POST ${acme}/keys`, { token, body: { projectId: 'web' } });
  for (const [scope, scopeId] of [
    ['team', 'search'],
    ['project', 'web'],
    ['key', String(key['id'])],
  ]) {
    expect((await create({ ...monthly, scope, scopeId, timeZone: 'Europe/Berlin' })).status).toBe(201);
    expect(answers.asked.at(-1)).toMatchObject({ scope, scopeId, timeZone: 'Europe/Berlin' });
    const unknown = await create({ ...monthly, scope, scopeId: 'nobody' });
    expect(unknown.body['error']).toMatchObject({ code: `${String(scope)}_unknown`, param: 'scopeId' });
  }
});

it.each([
  ['a scope without a name', { scope: 'team' }, 'scopeId'],
  ['another organisation', { scope: 'organisation', scopeId: 'other' }, 'scopeId'],
  ['a zone that is none', { scope: 'organisation', timeZone: 'Mars/Olympus' }, 'timeZone'],
  ['an amount below zero', { scope: 'organisation', amount: '-1' }, 'amount'],
  ['a threshold twice', { scope: 'organisation', thresholds: [50, 50] }, 'thresholds'],
])('refuses %s', async (_, sketch, param) => {
  const { status, body } = await create({ ...monthly, ...sketch });
  expect([status, body['error']]).toMatchObject([400, { param: expect.stringContaining(param) }]);
});

it('revises, shows and archives a budget', async () => {
  const revise = (body: object) => control.call(`POST ${acme}/budgets/monthly/revisions`, { token, body });
  expect((await revise({ amount: '20' })).body).toMatchObject({ amount: '20', revision: 2 });
  expect(answers.asked.at(-1)).toMatchObject({ id: 'monthly', change: { amount: '20' } });
  expect([(await revise({})).status, (await revise({ period: 'day' })).status]).toEqual([400, 400]);
  expect(await control.did(`GET ${acme}/budgets/monthly`, { token })).toMatchObject({ id: 'monthly' });
  expect(await control.did(`DELETE ${acme}/budgets/monthly`, { token })).toMatchObject({ archived: true });
  expect((await control.call(`GET ${acme}/budgets/none`, { token })).status).toBe(404);
});

it('lists budgets and alerts, also as CSV, and leases for the platform alone', async () => {
  const csv = async (route: string, as?: string) =>
    (await control.call(`GET ${acme}/${route}format=csv`, as === undefined ? {} : { token: as })).text.split('\r\n')[1];
  expect(await csv('budgets?', token)).toBe(
    'acme,monthly,organisation,acme,USD,month,UTC,10,hard,2026-07-01T00:00:00.000Z,2026-08-01T00:00:00.000Z,4,1,5,1,false',
  );
  expect(await csv('budget-alerts?budgetId=monthly&', token)).toMatch(/,monthly,organisation,acme,.*,50,USD,10,5.1$/);
  expect(answers.asked.at(-1)).toMatchObject({ orgId: 'acme', budgetId: 'monthly' });
  expect(await csv('leases?')).toMatch(/^acme,l,open,relay-1,default,search,web,site,USD,1,0.4,0.6,/);
  expect((await control.call(`GET ${acme}/leases`, { token })).status).toBe(403);
});
