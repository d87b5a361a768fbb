import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';
import { AccountingAnswers } from './accounting-answers.fixture.js';

let control: TestControl;
let others: Awaited<ReturnType<typeof startOtherApps>>;
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

const ledger = '/v1/organisations/acme/ledger';
const asked = () => others.app.get(AccountingAnswers).asked.at(-1);

describe('the accounts of the ledger', () => {
  it('are asked for as of both times, for months and for one organisation', async () => {
    const query = 'effectiveAsOf=2026-07-31T00:00:00Z&postedAsOf=2026-08-02T00:00:00Z&to=2026-07&currency=USD';
    await control.did(`GET ${ledger}/balance-sheet?${query}`, { token: acmeToken });
    const scope = {
      ...{ effectiveAsOf: '2026-07-31T00:00:00Z', postedAsOf: '2026-08-02T00:00:00Z' },
      ...{ to: '2026-07', currency: 'USD' },
    };
    expect(asked()).toEqual({ orgId: 'acme', ...scope });
    await control.did(`GET /v1/ledger/balance-sheet?${query}`);
    expect(asked()).toEqual(scope);
    await control.did(`GET ${ledger}/income-statement?from=2026-06&to=2026-07`, { token: acmeToken });
    expect(asked()).toEqual({ orgId: 'acme', from: '2026-06', to: '2026-07' });
    await control.did(`GET ${ledger}/general-ledger?account=customer-wallet&currency=USD&limit=5`, {
      token: acmeToken,
    });
    expect(asked()).toEqual({ orgId: 'acme', account: 'customer-wallet', currency: 'USD', limit: 5 });
  });

  it.each([
    ['balance-sheet?to=2026-13', 'to'],
    ['balance-sheet?from=2026-01', 'from'],
    ['income-statement?postedAsOf=yesterday', 'postedAsOf'],
    ['general-ledger?currency=USD', 'account'],
    ['transactions/x', 'transaction'],
    ['journal?format=xls', 'format'],
  ])('refuse %s by name', async (path, param) => {
    const { status, body } = await control.call(`GET ${ledger}/${path}`);
    expect([status, body['error']]).toMatchObject([400, { param }]);
  });

  it('lists transactions, and shows one with its charges', async () => {
    const { data } = await control.did(`GET ${ledger}/transactions`, { token: acmeToken });
    expect(data).toMatchObject([{ organisationId: 'acme', id: '1', postings: [{ amount: '0.000000000001' }] }]);
    const one = await control.did(`GET ${ledger}/transactions/1`, { token: acmeToken });
    expect(one).toMatchObject({ transaction: { id: '1' }, charges: { data: [], has_more: false } });
    expect((await control.call(`GET ${ledger}/transactions/9`, { token: acmeToken })).status).toBe(404);
  });

  it('sends the journal as one file, however many pages it has', async () => {
    const csv = await control.call(`GET ${ledger}/journal`, { token: acmeToken });
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(csv.headers.get('content-disposition')).toBe('attachment; filename="journal.csv"');
    expect(csv.text.split('\r\n')).toHaveLength(6);
    const beancount = await control.call('GET /v1/ledger/journal?format=beancount');
    expect(beancount.text).toContain('balance Assets:Org-acme:CashClearing  0.000000000002 ~ 0 USD');
  });
});

describe('months', () => {
  it('are listed and closed by name', async () => {
    expect(await control.did('GET /v1/ledger/periods')).toMatchObject({ data: [{ period: '2026-07', late: 1 }] });
    const close = (period: string, body: object) => control.call(`POST /v1/ledger/periods/${period}/close`, { body });
    expect(await close('2026-07', { closedBy: 'Ada' })).toMatchObject({
      status: 200,
      body: { state: 'closed', closedBy: 'Ada' },
    });
    expect(await close('2026-08', { closedBy: 'Ada' })).toMatchObject({ status: 409 });
    expect(await close('2026-07', {})).toMatchObject({ status: 400, body: { error: { param: 'closedBy' } } });
    expect(await close('july', { closedBy: 'Ada' })).toMatchObject({
      status: 400,
      body: { error: { param: 'period' } },
    });
  });
});

describe('corrections', () => {
  it('take an idempotency key and what the charge is worth in all', async () => {
    const body = {
      ...{ eventId: 'a/b', currency: 'USD', amount: '1', cost: '0.5' },
      ...{ priceVersion: 'v2', reason: 'The price book was wrong.' },
    };
    const correct = (more: object, headers: Record<string, string> = { 'idempotency-key': 'k' }) =>
      control.call(`POST ${ledger}/corrections`, { body: { ...body, ...more }, headers });
    expect(await correct({})).toMatchObject({ status: 201, body: { transactionId: '3', repeated: false } });
    expect(asked()).toEqual({ orgId: 'acme', ...body, idempotencyKey: 'k' });
    expect(await correct({}, {})).toMatchObject({ status: 400, body: { error: { code: 'idempotency_key_required' } } });
    expect(await correct({ amount: 1 })).toMatchObject({ status: 400, body: { error: { param: 'amount' } } });
    expect(await correct({ reason: '' })).toMatchObject({ status: 400, body: { error: { param: 'reason' } } });
  });
});

it('shows where the hash chain stands', async () => {
  expect(await control.did('GET /v1/ledger/chain')).toMatchObject({ head: { height: 7 } });
});
