import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { connect } from '@nats-io/transport-node';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { z } from 'zod';
import { revokeGrant } from '#contracts/requests/wallets.js';
import { startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';
import type { AuditEntry } from './fields.js';
import { withoutSecrets } from './validated-request.js';

let control: TestControl;
let others: INestMicroservice;
let acmeToken: string;

beforeAll(async () => {
  control = await TestControl.start({ TOLLGATE_PAYMENT_WEBHOOK_SECRET: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3' });
  others = (await startOtherApps(control.nats.url)).app;
  acmeToken = await control.organisation('acme');
  await control.organisation('other');
});
afterAll(async () => {
  await others.close();
  await control.stop();
});

async function entries(query = '', token?: string): Promise<readonly AuditEntry[]> {
  const { data } = await control.did(`GET /v1/audit-log?limit=1000${query}`, { token });
  return data as AuditEntry[];
}
/** What came to stand in the log meanwhile, the oldest first. */
async function recorded(work: () => Promise<unknown>): Promise<readonly AuditEntry[]> {
  const before = await entries();
  await work();
  const known = new Set(before.map(({ id }) => id));
  return (await entries()).filter(({ id }) => !known.has(id)).toReversed();
}

describe('the audit log', () => {
  it('says who changed what and when, with what it was and what it is, and no secret', async () => {
    const path = '/v1/organisations/acme/keys';
    const secrets: unknown[] = [];
    const log = await recorded(async () => {
      secrets.push((await control.did(`POST ${path}`, { body: { id: 'k1', projectId: 'web' } }))['key']);
      secrets.push((await control.did(`POST ${path}/k1/rotate`, { body: {}, token: acmeToken }))['key']);
      await control.did(`PUT ${path}/k1/policy`, { body: { regions: ['eu'] } });
      await control.did(`DELETE ${path}/k1`);
      // Nothing changes, so nothing is recorded.
      await control.did(`DELETE ${path}/k1`);
    });
    const about = { organisationId: 'acme', target: { key: 'k1' }, stage: 'changed', requestId: expect.any(String) };
    const byPlatform = { ...about, actor: 'platform' };
    expect(log).toMatchObject([
      { ...byPlatform, action: 'issueKey', after: { id: 'k1', status: 'active' } },
      {
        ...about,
        actor: 'organisation',
        tokenId: expect.any(String),
        action: 'rotateKey',
        before: { last4: String(secrets[0]).slice(-4) },
        after: { last4: String(secrets[1]).slice(-4), graceUntil: expect.any(String) },
      },
      { ...byPlatform, action: 'setKeyPolicy', before: {}, after: { regions: ['eu'] } },
      { ...byPlatform, action: 'revokeKey', before: { status: 'active' }, after: { status: 'revoked' } },
    ]);
    for (const { at } of log) expect(Date.now() - Date.parse(at)).toBeLessThan(30_000);
    expect(log[0]).not.toHaveProperty('before');
    for (const secret of secrets) expect(JSON.stringify(await entries())).not.toContain(secret);
  });

  it.each<[what: string, route: string, sent: object | string]>([
    ['a body that its operation does not know', 'POST /v1/reconciliation/runs', { organisationId: 'acme\0' }],
    ['a secret in a wrong field', 'POST /v1/organisations/acme/wallets', { id: 'w', currency: 'USD', key: 'sk-1' }],
    ['a path that is none', 'POST /v1/organisations/acme/wallets/sk-1%20/terms', { kind: 'prepaid' }],
  ])('has of %s its refusal alone', async (_, route, body) => {
    const log = await recorded(async () => expect((await control.call(route, { body })).status).toBe(400));
    expect(log).toMatchObject([{ stage: 'refused', target: {}, after: { code: 'invalid' } }]);
    for (const said of ['sk-1', 'acme\\u0000']) expect(JSON.stringify(log)).not.toContain(said);
  });

  it('has nothing of a body that its operation does not ask for', async () => {
    const route = 'DELETE /v1/organisations/acme/grants/welcome';
    const log = await recorded(() => control.call(route, { body: { reason: 'sk-1' } }));
    expect(log.map(({ stage }) => stage)).toEqual(['asked', 'done']);
    expect(log[0]).not.toHaveProperty('after');
    expect(JSON.stringify(log)).not.toContain('sk-1');
  });

  it('has an entry of every operation that changes something here', async () => {
    const log = await recorded(async () => {
      await control.did('POST /v1/organisations', { body: { id: 'new', name: 'New' } });
      await control.did('POST /v1/organisations/new/teams', { body: { id: 't', name: 'T' } });
      await control.did('POST /v1/organisations/new/projects', { body: { id: 'p', teamId: 't', name: 'P' } });
      const { id } = await control.did('POST /v1/admin-tokens', { body: { organisationId: 'new', name: 'N' } });
      await control.did(`DELETE /v1/admin-tokens/${String(id)}`);
      for (const level of ['', '/teams/t', '/projects/p']) {
        await control.did(`PUT /v1/organisations/new${level}/policy`, { body: { maxOutputTokens: 5 } });
      }
    });
    expect(log.map(({ action, stage, organisationId }) => `${action} ${stage} ${organisationId ?? ''}`)).toEqual([
      'createOrganisation changed new',
      'createTeam changed new',
      'createProject changed new',
      'createAdminToken changed new',
      'revokeAdminToken changed new',
      'setOrganisationPolicy changed new',
      'setTeamPolicy changed new',
      'setProjectPolicy changed new',
    ]);
  });

  it('has nothing of a change that was refused here', async () => {
    const log = await recorded(() => control.call('POST /v1/organisations', { body: { id: 'acme', name: 'Again' } }));
    expect(log).toEqual([]);
  });

  it('has of a change in another app what was asked for, before it, and what became of it', async () => {
    const call = { body: { currency: 'USD', amount: '5' }, headers: { 'idempotency-key': 'k' } };
    const path = '/v1/organisations/acme/wallet/top-ups';
    const log = await recorded(async () => {
      await control.did(`POST ${path}`, call);
      await control.call(`POST ${path}`, { ...call, headers: {} });
      await control.call(`POST ${path}`, { ...call, token: acmeToken });
    });
    expect(log.map(({ action, stage }) => `${action} ${stage}`)).toEqual([
      'topUpDefaultWallet asked',
      'topUpDefaultWallet done',
      'topUpDefaultWallet asked',
      'topUpDefaultWallet refused',
    ]);
    expect(log).toMatchObject([
      { actor: 'platform', organisationId: 'acme', after: call.body },
      { after: { balance: '5', repeated: false } },
      {},
      { after: { code: 'idempotency_key_required' } },
    ]);
    expect(log[0]?.requestId).toBe(log[1]?.requestId);
  });

  it('has what is asked of another app before that app hears of it, and says so when nobody knows what became of it', async () => {
    await others.close();
    const nats = await connect({ servers: control.nats.url });
    const heard = new Promise<readonly AuditEntry[]>((resolve) => {
      // It is killed as soon as it hears, so it never answers.
      nats.subscribe(revokeGrant.subject, { callback: () => resolve(entries()) });
    });
    const log = await recorded(() => control.call('DELETE /v1/organisations/acme/grants/welcome'));
    await nats.close();
    others = (await startOtherApps(control.nats.url)).app;
    expect((await heard)[0]).toMatchObject({ action: 'revokeGrant', stage: 'asked' });
    expect(log.map(({ action, stage, target }) => [action, stage, target])).toEqual([
      ['revokeGrant', 'asked', { grant: 'welcome' }],
      ['revokeGrant', 'failed', { grant: 'welcome' }],
    ]);
  });

  it('keeps any text that a request may hold', async () => {
    const body = { closedBy: `Zoë "😀" \\u0000 '); DROP TABLE audit_entry; --` };
    const log = await recorded(() => control.call('POST /v1/ledger/periods/2026-01/close', { body }));
    expect(log).toMatchObject([{ stage: 'asked', target: { period: '2026-01' }, after: body }, {}]);
  });
});

it('a field that the API never shows is in no entry', () => {
  const schema = z.strictObject({
    id: z.string(),
    key: z.string().meta({ writeOnly: true }).exactOptional().describe('K'),
  });
  expect(withoutSecrets({ id: 'a', key: 'sk-1' }, schema)).toEqual({ id: 'a' });
});

describe('an entry', () => {
  it.each([
    ['UPDATE control.audit_entry SET actor = actor', 'it is append-only'],
    ['DELETE FROM control.audit_entry', 'it is append-only'],
    ['TRUNCATE control.audit_entry', 'it is append-only'],
    ['SET session_replication_role = replica; DELETE FROM control.audit_entry', 'it is append-only'],
    ['SET ROLE tollgate_control; UPDATE control.audit_entry SET actor = actor', 'permission denied'],
    ['SET ROLE tollgate_control; DELETE FROM control.audit_entry', 'permission denied'],
    ['SET ROLE tollgate_control; TRUNCATE control.audit_entry', 'permission denied'],
  ])('is kept from %s', async (statement, reason) => {
    const client = new pg.Client(control.database.superuserUrl);
    await client.connect();
    await expect(client.query(statement)).rejects.toThrow(reason);
    await client.end();
  });
});

describe('the list', () => {
  it('shows an organisation its own entries alone', async () => {
    const own = await entries('', acmeToken);
    expect(own.length).toBeGreaterThan(3);
    for (const { organisationId } of own) expect(organisationId).toBe('acme');
    expect((await control.call('GET /v1/audit-log?organisationId=other', { token: acmeToken })).status).toBe(404);
    expect(await entries('&organisationId=other')).not.toEqual([]);
  });

  it('is paged from the newest on, narrowed to an action, and had as CSV', async () => {
    const all = await entries();
    const seen: string[] = [];
    for (let after = ''; ;) {
      const page = await control.did(`GET /v1/audit-log?limit=7${after}`);
      seen.push(...(page['data'] as AuditEntry[]).map(({ id }) => id));
      if (page['has_more'] === false) break;
      after = `&after=${String(page['next_cursor'])}`;
    }
    expect(seen).toEqual(all.map(({ id }) => id));
    expect(seen).toEqual(seen.toSorted((a, b) => Number(b) - Number(a)));
    expect((await control.call('GET /v1/audit-log?after=x')).status).toBe(400);

    const { text } = await control.call('GET /v1/audit-log?action=revokeKey&format=csv');
    const [row] = parse<Record<string, string>>(text, { columns: true });
    expect(row).toMatchObject({ action: 'revokeKey', actor: 'platform', target: '{"key":"k1"}' });
    expect(JSON.parse(row?.['after'] ?? '')).toMatchObject({ id: 'k1', status: 'revoked' });
  });
});
