import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { parse } from 'csv-parse/sync';
import { startOtherApps } from '../other-apps.fixture.js';
import { TestControl } from '../test-control.fixture.js';
import { InvoiceAnswers } from './invoice-answers.fixture.js';

let control: TestControl;
let app: INestMicroservice;
let answers: InvoiceAnswers;
let token: string;
beforeAll(async () => {
  control = await TestControl.start();
  app = (await startOtherApps(control.nats.url)).app;
  answers = app.get(InvoiceAnswers);
  token = await control.organisation('acme');
});
afterAll(async () => {
  await app.close();
  await control.stop();
});

const acme = '/v1/organisations/acme';
const invoices = `${acme}/invoices`;

describe('a draft', () => {
  it.each([
    [{ month: '2026-07' }, { from: '2026-07-01', to: '2026-08-01' }],
    [{ month: '2026-12' }, { from: '2026-12-01', to: '2027-01-01' }],
    [
      { from: '2026-07-10', to: '2026-07-11' },
      { from: '2026-07-10', to: '2026-07-11' },
    ],
  ])('of %j is for those days', async (asked, period) => {
    const body = { id: 'mine', currency: 'USD', ...asked };
    const draft = await control.did(`POST ${invoices}`, { body });
    expect(draft).toMatchObject({ organisationId: 'acme', id: 'mine', state: 'draft', period });
    expect(answers.asked.at(-1)).toEqual({ orgId: 'acme', id: 'mine', currency: 'USD', period });
  });

  it.each([
    [{}, 'month'],
    [{ month: '2026-13' }, 'month'],
    [{ month: '2026-07', from: '2026-07-01', to: '2026-07-02' }, 'month'],
    [{ from: '2026-07-01' }, 'month'],
    [{ from: '2026-07-02', to: '2026-07-02' }, 'month'],
    [{ from: '2026-02-30', to: '2026-03-01' }, 'from'],
  ])('is refused for %j', async (asked, param) => {
    const { status, body } = await control.call(`POST ${invoices}`, { body: { currency: 'USD', ...asked } });
    expect([status, body['error']]).toMatchObject([400, { param }]);
  });
});

describe('making it final', () => {
  const finalise = (body: object, id = 'draft') => control.call(`POST ${invoices}/${id}/finalise`, { body });

  it('takes a reconciliation since its days were over, or a name and a reason', async () => {
    // The only run there is began in January.
    const { status, body } = await finalise({});
    expect([status, body['error']]).toMatchObject([
      409,
      { code: 'not_reconciled', message: expect.stringMatching(/^No reconciliation has run since .*2026-08-01/) },
    ]);
    const override = { name: 'Ada Lovelace', reason: 'The provider confirmed it.' };
    const done = await finalise({ override });
    expect([done.status, done.body]).toMatchObject([200, { evidence: { kind: 'override', ...override } }]);
    expect(answers.asked.at(-1)).toMatchObject({
      evidence: { ...override, found: expect.stringMatching(/^No reconciliation has run/) },
    });
    for (const half of [{ name: 'Ada' }, { reason: 'x' }, { name: '', reason: 'x' }]) {
      expect((await finalise({ override: half })).status).toBe(400);
    }
  });

  it('of a final one asks nobody', async () => {
    const before = answers.asked.length;
    expect((await finalise({}, 'july')).body).toMatchObject({ state: 'final', number: 'TG-2026-000001' });
    expect(answers.asked).toHaveLength(before);
    expect((await finalise({}, 'none')).status).toBe(404);
  });
});

describe('an invoice', () => {
  it('is JSON with all its lines, and the names of teams and projects', async () => {
    const invoice = await control.did(`GET ${invoices}/july`, { token });
    expect(invoice).toMatchObject({
      ...{ organisationId: 'acme', number: 'TG-2026-000001', customer: { organisationId: 'acme' } },
      lines: [1, 2, 3].map((number) => ({ number, teamName: 'Search', projectName: 'Web' })),
    });
    expect(await control.did(`GET ${invoices}/july.json`, { headers: { accept: 'application/pdf' } })).toEqual(invoice);
  });

  it.each([
    ['july', { headers: { accept: 'application/pdf' } }],
    ['july.pdf', {}],
    ['july?format=pdf', { headers: { accept: 'application/json' } }],
  ])('is PDF as %s', async (path, call) => {
    const { status, headers, text } = await control.call(`GET ${invoices}/${path}`, { token, ...call });
    expect([status, headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(headers.get('content-disposition')).toBe('inline; filename="TG-2026-000001.pdf"');
    expect(text.startsWith('%PDF-')).toBe(true);
  });

  it('is CSV, line by line, in which no spreadsheet finds a formula', async () => {
    for (const call of [`GET ${invoices}/july.csv`, `GET ${invoices}/july?format=csv`]) {
      const { headers, text } = await control.call(call, { token });
      expect(headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
      const rows = parse<Record<string, string>>(text, { columns: true, record_delimiter: '\r\n' });
      expect(rows.map(({ number, model, amount, teamName }) => [number, model, amount, teamName])).toEqual(
        ['1', '2', '3'].map((number) => [number, `'=model-${number}`, '5.3333325', 'Search']),
      );
    }
  });

  it('that is not there is not there in any format', async () => {
    for (const path of ['none', 'none.pdf', 'none.csv', 'none?format=pdf']) {
      const { status, headers } = await control.call(`GET ${invoices}/${path}`, { token });
      expect([path, status, headers.get('content-type')]).toEqual([path, 404, 'application/json; charset=utf-8']);
    }
    for (const path of ['july.xml', 'july?format=xml', 'a.b.pdf']) {
      expect([path, (await control.call(`GET ${invoices}/${path}`, { token })).status]).toEqual([path, 400]);
    }
  });

  it('is listed with its lines a page away', async () => {
    const { data } = await control.did(`GET ${invoices}?state=final`, { token });
    expect(data).toMatchObject([{ id: 'july' }, { id: 'draft', state: 'draft' }]);
    expect((data as object[])[0]).not.toHaveProperty('lines');
    const page = await control.did(`GET ${invoices}/july/lines`, { token });
    expect(page).toMatchObject({ has_more: true, next_cursor: '2', data: [{ number: 1 }, { number: 2 }] });
    const csv = await control.call(`GET ${invoices}?format=csv`, { token });
    expect(csv.text.split('\r\n')[1]).toMatch(/^july,TG-2026-000001,final,USD,2026-07-01,2026-08-01,/);
  });

  it('is paid and credited once per key, and never by the organisation itself', async () => {
    const headers = { 'idempotency-key': 'k' };
    const body = { amount: '1.19', reason: 'An outage.' };
    for (const [path, own] of [
      ['payments', { amount: '1.19' }],
      ['credit-notes', body],
    ] as const) {
      const route = `POST ${invoices}/july/${path}`;
      expect((await control.call(route, { body: own })).status).toBe(400);
      expect((await control.call(route, { body: own, headers, token })).status).toBe(403);
      expect((await control.call(route, { body: { ...own, amount: '0' }, headers })).status).toBe(400);
      expect(await control.did(route, { body: own, headers })).toMatchObject({ repeated: false });
      expect(answers.asked.at(-1)).toEqual({ orgId: 'acme', id: 'july', ...own, idempotencyKey: 'k' });
    }
    expect(await control.did(`GET ${acme}/credit-notes`, { token })).toMatchObject({
      data: [{ organisationId: 'acme' }],
    });
  });

  it('has credit notes, each as JSON, PDF and CSV', async () => {
    const path = `GET ${acme}/credit-notes/outage`;
    const note = await control.did(path, { token });
    expect(note).toMatchObject({
      organisationId: 'acme',
      customer: { organisationId: 'acme' },
      issuer: { id: 'default' },
    });
    const pdf = await control.call(path, { token, headers: { accept: 'application/pdf' } });
    expect([pdf.status, pdf.headers.get('content-type')]).toEqual([200, 'application/pdf']);
    expect(pdf.headers.get('content-disposition')).toBe('inline; filename="TG-CN-2026-000001.pdf"');
    expect(pdf.text.startsWith('%PDF-')).toBe(true);
    const csv = await control.call(`${path}.csv`, { token });
    expect(csv.text.split('\r\n')).toEqual([
      'number,invoice.number,currency,part,jurisdiction,name,rate,amount',
      'TG-CN-2026-000001,TG-2026-000001,USD,net,,,,1',
      'TG-CN-2026-000001,TG-2026-000001,USD,tax,DE,VAT,0.19,0.19',
      '',
    ]);
    const none = await control.call(`GET ${acme}/credit-notes/none.pdf`, { token });
    expect([none.status, none.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8']);
  });

  it('proves a line to its organisation', async () => {
    const parts = await control.did(`GET ${invoices}/july/lines/1/parts`, { token });
    expect(parts).toMatchObject({ data: [{ eventId: 'e', amount: '0.01' }] });
    const proof = await control.did(`GET ${invoices}/july/lines/1/proof?eventId=e`, { token });
    expect(proof).toMatchObject({ part: { eventId: 'e' }, inLine: { leafIndex: 0 } });
    for (const path of ['0/proof?eventId=e', 'x/parts', '1/proof', '1/proof?eventId=e&adjustment=0']) {
      expect([path, (await control.call(`GET ${invoices}/july/lines/${path}`, { token })).status]).toEqual([path, 400]);
    }
  });
});

it('states an account over whole days', async () => {
  const statement = `GET ${acme}/statement?currency=USD`;
  const shown = await control.did(`${statement}&from=2026-07-01&to=2026-08-01&postedAsOf=2026-09-01T00:00:00Z`, {
    token,
  });
  expect(shown).toMatchObject({ data: [{ account: 'receivable' }], accounts: [{ closing: '1' }] });
  const period = { from: '2026-07-01', to: '2026-08-01' };
  expect(answers.asked.at(-1)).toMatchObject({
    orgId: 'acme',
    currency: 'USD',
    period,
    postedAsOf: '2026-09-01T00:00:00Z',
  });
  const backwards = await control.call(`${statement}&from=2026-08-01&to=2026-07-01`, { token });
  expect(backwards.body['error']).toMatchObject({ param: 'to' });
});

it('takes a billing profile that says where it is taxed or why it is not, and not both', async () => {
  const profile = { legalName: 'Acme Ltd', address: ['1 Road'] };
  const set = (body: object) => control.call(`POST ${acme}/billing-profile`, { body });
  const taxation = { jurisdiction: 'DE' };
  expect((await set({ ...profile, taxation })).body).toMatchObject({
    organisationId: 'acme',
    issuer: 'default',
    taxation,
  });
  for (const wrong of [
    {},
    { taxation: {} },
    { taxation: { exemption: '' } },
    { taxation, address: [] },
    { taxation, vat: 1 },
  ]) {
    expect([wrong, (await set({ ...profile, ...wrong })).status]).toEqual([wrong, 400]);
  }
  const rate = { jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive', validFrom: '2007-01-01' };
  await control.did('POST /v1/tax-rates', { body: rate });
  for (const wrong of [
    { rate: '19' },
    { rate: 0.19 },
    { rate: '-0.1' },
    { mode: 'both' },
    { validFrom: '2007-02-30' },
  ]) {
    expect([wrong, (await control.call('POST /v1/tax-rates', { body: { ...rate, ...wrong } })).status]).toEqual([
      wrong,
      400,
    ]);
  }
});
