import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import pg from 'pg';
import { park } from '#jetstream/publish.js';
import { startOtherApps } from '../other-apps.fixture.js';
import { type Answer, platformToken, TestControl } from '../test-control.fixture.js';

let control: TestControl;
let others: INestMicroservice;
let acmeToken: string;
let otherToken: string;

beforeAll(async () => {
  control = await TestControl.start({
    TOLLGATE_STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdef',
    TOLLGATE_PAYMENT_WEBHOOK_SECRET: 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3',
  });
  others = (await startOtherApps(control.nats.url)).app;
  acmeToken = await control.organisation('acme');
  otherToken = await control.organisation('other');
  await quarantineOneOf('other');
  await control.did('POST /v1/organisations/other/keys', { body: { id: 'key-of-other', projectId: 'web' } });
});
afterAll(async () => {
  await others.close();
  await control.stop();
});

async function quarantineOneOf(org: string): Promise<void> {
  const nats = await connect({ servers: control.nats.url });
  await park(jetstream(nats), {
    reason: { code: 'payload_conflict', detail: 'Seen before with other content.' },
    parkedBy: 'ledger',
    parkedAt: '2026-01-01T00:00:00.000Z',
    stream: 'CHARGES',
    position: { sequence: 1, index: 0 },
    org,
    eventId: 'e1',
    dataHash: 'a'.repeat(64),
  });
  await nats.close();
}

interface Route {
  readonly route: string;
  readonly open: boolean;
  readonly ofOrganisation: boolean;
}

/** Every operation of the document, with the path's parameters filled in. */
async function routes(org: string): Promise<readonly Route[]> {
  const values: Record<string, string> = {
    org,
    channel: 'none',
    key: 'key-of-other',
    token: 'none',
    run: `run-${org}`,
    version: 'v1',
    period: '2026-07',
    transaction: '1',
    wallet: 'default',
    grant: 'welcome',
    budget: 'monthly',
    invoice: 'july',
    creditNote: 'outage',
    line: '1',
    team: 'search',
    project: 'web',
  };
  return Object.entries((await control.document()).paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, { security?: unknown[] }>).map(([method, { security }]) => ({
      route: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '')}`,
      open: security?.length === 0,
      ofOrganisation: path.includes('{org}'),
    })),
  );
}

/** A body with everything that any operation asks for would be refused for too much: each gets what it takes. */
function bodyFor(route: string): unknown {
  if (route.startsWith('PUT')) return {};
  if (!route.startsWith('POST')) return undefined;
  if (/\/(top-ups|refunds|grants)$/.test(route)) return { currency: 'USD', amount: '1' };
  if (route.endsWith('/wallet-transfers')) return { from: 'default', to: 'research', currency: 'USD', amount: '1' };
  if (route.endsWith('/wallets')) return { id: 'research', currency: 'USD' };
  if (route.endsWith('/terms')) return { currency: 'USD', terms: { kind: 'prepaid' } };
  if (route.endsWith('/wallet-assignments')) {
    return { currency: 'USD', payer: { kind: 'team', id: 'search' }, wallet: 'research' };
  }
  if (route.endsWith('/budgets')) {
    return { scope: 'organisation', currency: 'USD', amount: '1', period: 'month', enforcement: 'soft' };
  }
  if (route.endsWith('/invoices')) return { currency: 'USD', month: '2026-07' };
  if (/\/(finalise|rotate)$/.test(route)) return {};
  if (route.endsWith('/void')) return { reason: 'Mine' };
  if (route.endsWith('/payments')) return { amount: '1' };
  if (route.endsWith('/credit-notes')) return { amount: '1', reason: 'Mine' };
  if (route.endsWith('/billing-profile')) {
    return { legalName: 'Mine', address: ['Here'], taxation: { jurisdiction: 'DE' } };
  }
  if (route.endsWith('/revisions')) return { amount: '2' };
  if (route.endsWith('/runs')) return { organisationId: 'other' };
  if (route.endsWith('/projects')) return { teamId: 'search', name: 'Mine' };
  if (route.endsWith('/keys')) return { projectId: 'web' };
  return { name: 'Mine' };
}

const call = (route: string, token: string) =>
  control.call(route, { token, body: bodyFor(route), headers: { 'idempotency-key': 'k' } });

/** An error without what differs in any two answers. */
const withoutRequestId = ({ body }: Answer) => ({ ...(body['error'] as object), request_id: '' });

describe('who may call', () => {
  it.each([
    ['no token', ''],
    ['an unknown token', 'tga-000000000000000000000000000000000000000000000000'],
    ['a prefix of the right token', platformToken.slice(0, -1)],
    ['more than the right token', `${platformToken}x`],
    ['SQL in place of a token', `'OR'1'='1`],
  ])('is nobody with %s, on any route', async (_, token) => {
    for (const { route } of (await routes('acme')).filter(({ open }) => !open)) {
      const answer = await call(route, token);
      expect([route, answer.status]).toEqual([route, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    }
  });

  it('is nobody with a virtual key: it is no admin token', async () => {
    const { key } = await control.did('POST /v1/organisations/acme/keys', { body: { projectId: 'web' } });
    expect((await control.call('GET /v1/organisations', { token: String(key) })).status).toBe(401);
  });

  it('is nobody with a revoked or an expired token', async () => {
    const { id, token } = await control.did('POST /v1/admin-tokens', { body: { name: 'Short' } });
    await control.did('GET /v1/organisations', { token: String(token) });
    await control.did(`DELETE /v1/admin-tokens/${String(id)}`);
    expect((await control.call('GET /v1/organisations', { token: String(token) })).status).toBe(401);

    const expiresAt = new Date(Date.now() + 200).toISOString();
    const soon = await control.did('POST /v1/admin-tokens', { body: { name: 'Soon', expiresAt } });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect((await control.call('GET /v1/organisations', { token: String(soon['token']) })).status).toBe(401);
  });

  it('needs no token for health and the document, and these say nothing of anybody', async () => {
    const open = (await routes('acme')).filter((route) => route.open).map(({ route }) => route);
    expect(open).toEqual(['GET /healthz', 'GET /readyz']);
    for (const route of open) expect(await control.did(route, { token: '' })).toEqual({ status: 'ok' });
    expect((await control.call('GET /openapi.json', { token: '' })).text).not.toContain('acme');
  });
});

describe("an organisation's token", () => {
  it('finds no other organisation on any route, as if there were none', async () => {
    for (const { route } of (await routes('other')).filter(({ ofOrganisation }) => ofOrganisation)) {
      const hidden = await call(route, acmeToken);
      const absent = await call(route.replace('/other', '/absent'), acmeToken);
      expect([route, hidden.status]).toEqual([route, 404]);
      expect(JSON.stringify(withoutRequestId(hidden))).toBe(
        JSON.stringify(withoutRequestId(absent)).replace('absent', 'other'),
      );
    }
  });

  it('sees nothing of another organisation on the routes of no organisation', async () => {
    for (const { route, open } of (await routes('other')).filter(({ ofOrganisation }) => !ofOrganisation)) {
      // A signature opens the routes of payment providers, and no token does. Events name whose they are: events.test.ts.
      if (open || route.includes(' /api/')) continue;
      const answer = await call(route, acmeToken);
      // An error may repeat the id that was asked for; an answer may not know it.
      if (answer.status === 200) expect([route, answer.text]).toEqual([route, expect.not.stringContaining('other')]);
      else expect([403, 404]).toContain(answer.status);
    }
  });

  it('is refused on the routes of the platform, each of them named here', async () => {
    const refused = [];
    for (const { route } of await routes('acme')) {
      if ((await call(route, acmeToken)).status === 403) refused.push(route);
    }
    expect(refused.toSorted()).toEqual([
      'DELETE /v1/admin-tokens/none',
      'DELETE /v1/channels/none',
      'DELETE /v1/organisations/acme/grants/welcome',
      'DELETE /v1/organisations/acme/invoices/july',
      'GET /v1/admin-tokens',
      'GET /v1/channels',
      'GET /v1/channels/none',
      'GET /v1/issuers',
      'GET /v1/ledger/balance-sheet',
      'GET /v1/ledger/chain',
      'GET /v1/ledger/income-statement',
      'GET /v1/ledger/journal',
      'GET /v1/ledger/periods',
      'GET /v1/ledger/trial-balance',
      'GET /v1/organisations/acme/leases',
      'GET /v1/tax-rates',
      'POST /v1/admin-tokens',
      'POST /v1/channels',
      'POST /v1/issuers',
      'POST /v1/ledger/periods/2026-07/close',
      'POST /v1/organisations',
      'POST /v1/organisations/acme/billing-profile',
      'POST /v1/organisations/acme/grants',
      'POST /v1/organisations/acme/invoices',
      'POST /v1/organisations/acme/invoices/july/credit-notes',
      'POST /v1/organisations/acme/invoices/july/finalise',
      'POST /v1/organisations/acme/invoices/july/payments',
      'POST /v1/organisations/acme/invoices/july/void',
      'POST /v1/organisations/acme/ledger/corrections',
      'POST /v1/organisations/acme/wallet/top-ups',
      'POST /v1/organisations/acme/wallets/default/refunds',
      'POST /v1/organisations/acme/wallets/default/terms',
      'POST /v1/organisations/acme/wallets/default/top-ups',
      'POST /v1/tax-rates',
      'PUT /v1/channels/none',
      'PUT /v1/organisations/acme/policy',
    ]);
  });

  it('lists its own organisation alone', async () => {
    const { data } = await control.did('GET /v1/organisations', { token: otherToken });
    expect(data).toMatchObject([{ id: 'other' }]);
  });
});

describe('faults of the field', () => {
  it('47: SQL in a token or an id reaches no query', async () => {
    const attempts = [`acme'--`, `acme"`, `acme;DROP TABLE organisation`, `' OR 1=1`, `acme%00`, `acme\\`];
    for (const attempt of attempts) {
      const path = `/v1/organisations/${attempt.includes('%00') ? attempt : encodeURIComponent(attempt)}/teams`;
      expect([path, (await control.call(`GET ${path}`)).status]).toEqual([path, 404]);
    }
    await control.did('GET /v1/organisations/acme');
  });

  it('48: two tokens that begin alike are told apart, one after the other', async () => {
    const twin = `${acmeToken.slice(0, -1)}${acmeToken.endsWith('0') ? '1' : '0'}`;
    await control.did('GET /v1/organisations/acme', { token: acmeToken });
    expect((await control.call('GET /v1/organisations/acme', { token: twin })).status).toBe(401);
  });

  it('49: every route that writes asks who calls', async () => {
    const writes = (await routes('acme')).filter(({ route }) => !route.startsWith('GET'));
    expect(writes.length).toBeGreaterThan(6);
    for (const { route } of writes) expect([route, (await call(route, '')).status]).toEqual([route, 401]);
  });

  it('50: tokens and keys are at rest as peppered hashes only', async () => {
    const { key } = await control.did('POST /v1/organisations/acme/keys', { body: { projectId: 'web' } });
    const client = new pg.Client(control.database.url);
    await client.connect();
    const { rows } = await client.query('SELECT * FROM control.virtual_key, control.admin_token');
    await client.end();
    const stored = JSON.stringify(rows);
    for (const secret of [String(key), acmeToken, otherToken, platformToken]) expect(stored).not.toContain(secret);
    // A stored hash is no token either: replaying it opens nothing.
    for (const hash of new Set((rows as { hash: string }[]).map((row) => row.hash))) {
      expect((await control.call('GET /v1/organisations', { token: hash })).status).toBe(401);
    }
  });

  it("52: another tenant's objects are not reached by id or by a path that climbs", async () => {
    const attempts = [
      'DELETE /v1/organisations/acme/keys/key-of-other',
      'DELETE /v1/organisations/acme/keys/..%2F..%2Fother%2Fkeys%2Fkey-of-other',
      'GET /v1/organisations/acme/../other/keys',
      'GET /v1/organisations/acme%2F..%2Fother/keys',
      'GET /v1/organisations/acme/%2e%2e/other/keys',
      'GET /v1/reconciliation/runs/run-other',
    ];
    for (const route of attempts) {
      const { status } = await control.call(route, { token: acmeToken });
      expect([route, status >= 400 && status < 500]).toEqual([route, true]);
    }
    const { data } = await control.did('GET /v1/organisations/other/keys');
    expect(data).toMatchObject([{ id: 'key-of-other', status: 'active' }]);
  });

  it('54: a wildcard of a search or of a subject is an ordinary character', async () => {
    for (const wildcard of ['%25', '_', '*', '%3E', 'a.b']) {
      expect((await control.call(`GET /v1/organisations/${wildcard}`)).status).toBe(404);
      const { status, body } = await control.call(`GET /v1/organisations/acme/projects?teamId=${wildcard}`);
      expect(status === 400 || (body['data'] as unknown[]).length === 0).toBe(true);
    }
  });
});
