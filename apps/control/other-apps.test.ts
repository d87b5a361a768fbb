import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { INestMicroservice } from '@nestjs/common';
import type { Quarantined } from '#contracts/quarantine.js';
import { park } from '#jetstream/publish.js';
import { type OtherApps, startOtherApps } from './other-apps.fixture.js';
import { TestControl } from './test-control.fixture.js';

let control: TestControl;
let others: { answers: OtherApps; app: INestMicroservice };
let acmeToken: string;
beforeAll(async () => {
  control = await TestControl.start();
  others = await startOtherApps(control.nats.url);
  acmeToken = await control.organisation('acme');
});
afterAll(async () => {
  await others.app.close();
  await control.stop();
});

describe('spend', () => {
  it('asks for what was asked, and names teams, of which an unknown one keeps its id', async () => {
    const query = 'groupBy=team,model,team&interval=hour&from=2026-01-01T00:00:00Z&to=2026-02-01T00:00:00.000Z';
    const { data } = await control.did(`GET /v1/organisations/acme/spend?${query}`, { token: acmeToken });
    expect(others.answers.asked.at(-1)).toEqual({
      orgId: 'acme',
      groupBy: ['team', 'model'],
      interval: 'hour',
      from: '2026-01-01T00:00:00Z',
      to: '2026-02-01T00:00:00.000Z',
    });
    expect(data).toMatchObject([
      { teamId: 'search', teamName: 'Search', amount: '-0.000012' },
      { teamId: 'gone', teamName: 'gone' },
    ]);
  });

  it('is CSV for who asks for it, by header or by parameter', async () => {
    const byHeader = await control.call('GET /v1/organisations/acme/spend', { headers: { accept: 'text/csv' } });
    const byParameter = await control.call('GET /v1/organisations/acme/spend?format=csv');
    expect(byHeader.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(byHeader.text).toBe(byParameter.text);
    expect(byHeader.text.split('\r\n')).toEqual([
      'start,teamId,teamName,projectId,projectName,keyId,keyName,provider,model,currency,amount,cost,charged,suspended,voided,inputTokens,outputTokens',
      `,search,Search,,,,,,"'=HYPERLINK(""http://evil"")",USD,-0.000012,0.00001,1,0,0,10,5`,
      ',gone,gone,,,,,,"gpt, ""quoted""",USD,-0.000012,0.00001,1,0,0,10,5',
      '',
    ]);
    const json = await control.call('GET /v1/organisations/acme/spend?format=json', {
      headers: { accept: 'text/csv' },
    });
    expect(json.headers.get('content-type')).toContain('application/json');
    const refused = await control.call('GET /v1/organisations/acme/spend?format=csv&from=x');
    expect(refused.body['error']).toMatchObject({ param: 'from' });
  });
});

describe('the ledger', () => {
  it('credits a wallet once per idempotency key', async () => {
    const topUp = (amount: string) =>
      control.call('POST /v1/organisations/acme/wallet/top-ups', {
        body: { currency: 'USD', amount },
        headers: { 'idempotency-key': 'invoice-7' },
      });
    expect(await topUp('25.50')).toMatchObject({ status: 201, body: { repeated: false } });
    expect(await topUp('25.50')).toMatchObject({ status: 201, body: { repeated: true } });
    expect(await topUp('26')).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
    expect(others.answers.asked).toContainEqual({
      ...{ orgId: 'acme', currency: 'USD', amount: '25.50', idempotencyKey: 'invoice-7' },
    });
  });

  it('shows accounts page by page, in CSV with the cursor in a header', async () => {
    const first = await control.did('GET /v1/organisations/acme/ledger/accounts');
    expect(first).toMatchObject({ has_more: true, next_cursor: 'second' });
    expect(first['data']).toMatchObject([{ organisationId: 'acme', name: 'customer-wallet', balance: '999.999988' }]);
    const csv = await control.call('GET /v1/organisations/acme/ledger/accounts?format=csv');
    expect(csv.headers.get('x-next-cursor')).toBe('second');
    expect(csv.text).toContain('acme,acme-wallet,customer-wallet,liability,USD,0.000012,1000,999.999988');
    const second = await control.did('GET /v1/organisations/acme/ledger/accounts?after=second');
    expect(second).toEqual({ data: [], has_more: false });
  });

  it('passes on what the ledger refuses', async () => {
    const answer = await control.call('GET /v1/organisations/acme/ledger/entries?account=no-such');
    expect([answer.status, answer.body['error']]).toMatchObject([
      404,
      { message: 'There is no account "no-such" of acme.' },
    ]);
  });

  it('has a trial balance for an organisation and for the platform', async () => {
    const own = await control.did('GET /v1/organisations/acme/ledger/trial-balance', { token: acmeToken });
    expect(own['totals']).toEqual([{ currency: 'USD', debits: '1000', credits: '1000', balanced: true }]);
    expect((await control.did('GET /v1/ledger/trial-balance'))['data']).toHaveLength(1);
  });
});

describe('reconciliation', () => {
  it('runs for the one asked for, or for all; a token of an organisation gets its own', async () => {
    const run = (body: object, token?: string) => control.did('POST /v1/reconciliation/runs', { body, token });
    expect(await run({})).toMatchObject({ id: 'run-all', status: 'balanced' });
    expect(await run({ organisationId: 'acme', waitSeconds: 5 })).toMatchObject({ organisationId: 'acme' });
    expect(others.answers.asked.at(-1)).toEqual({ orgId: 'acme', waitMs: 5_000 });
    expect(await run({}, acmeToken)).toMatchObject({ organisationId: 'acme' });
  });

  it("hides other organisations' runs, and those over all, from an organisation", async () => {
    await control.did('GET /v1/reconciliation/runs/run-acme', { token: acmeToken });
    const messages = [];
    for (const id of ['run-beta', 'run-all', 'none']) {
      const { status, body } = await control.call(`GET /v1/reconciliation/runs/${id}`, { token: acmeToken });
      expect(status).toBe(404);
      messages.push((body['error'] as { message: string }).message.replace(id, ''));
    }
    expect(new Set(messages).size).toBe(1);
  });

  it('lists runs as CSV', async () => {
    const { text } = await control.call('GET /v1/reconciliation/runs?format=csv', { token: acmeToken });
    expect(text.split('\r\n')[1]).toBe(
      'run-acme,acme,2026-01-01T00:00:00.000Z,2026-01-01T00:00:01.000Z,7,balanced,2,1,1,0,0,2,0,0',
    );
  });
});

describe('price books', () => {
  it('are listed and shown', async () => {
    expect((await control.did('GET /v1/price-books'))['data']).toMatchObject([{ version: 'v1', current: true }]);
    await control.did('GET /v1/price-books/v1', { token: acmeToken });
    expect((await control.call('GET /v1/price-books/v2')).status).toBe(404);
  });
});

describe('quarantine', () => {
  const item = (n: number, org?: string): Quarantined => ({
    reason: { code: org === undefined ? 'undecodable' : 'payload_conflict', detail: 'd' },
    parkedBy: 'ledger',
    parkedAt: '2026-01-01T00:00:00.000Z',
    stream: 'CHARGES',
    position: { sequence: n, index: 0 },
    ...(org === undefined ? {} : { org, eventId: `e${n}`, dataHash: 'a'.repeat(64) }),
  });

  it('is empty at first, then read from its newest, and an organisation sees its own', async () => {
    expect(await control.did('GET /v1/quarantine')).toEqual({ data: [], has_more: false });
    const nats = await connect({ servers: control.nats.url });
    for (let n = 1; n <= 9; n++)
      await park(jetstream(nats), item(n, n % 3 === 0 ? 'acme' : n % 3 === 1 ? 'beta' : undefined));
    await nats.close();

    const positions = async (query: string, token?: string) => {
      const seen: number[] = [];
      for (let after = ''; ;) {
        const page = await control.did(`GET /v1/quarantine?${query}${after}`, { token });
        seen.push(...(page['data'] as Quarantined[]).map(({ position }) => position.sequence));
        if (page['has_more'] === false) return seen;
        after = `&after=${String(page['next_cursor'])}`;
      }
    };
    expect(await positions('limit=4')).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(await positions('limit=2', acmeToken)).toEqual([9, 6, 3]);
    expect(await positions('limit=50&organisationId=beta')).toEqual([7, 4, 1]);
  });
});
