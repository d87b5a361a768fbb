import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { verifyProof } from '#accounting/invoicing/verify-proof.js';
import { TestControl } from '#apps/control/test-control.fixture.js';
import { bookUsage } from '#apps/ledger/invoices/invoices.fixture.js';
import { verifyInvoices } from '#apps/ledger/invoices/verify-invoice.js';
import { startLedger } from '#apps/ledger/start-ledger.js';
import { connectLedger, unsoundness } from '#apps/ledger/test-ledger.fixture.js';
import { inclusionProof } from '#contracts/requests/invoices.js';
import { listRuns, type ReconciliationRun } from '#contracts/requests/reconciliation.js';

let control: TestControl;
let ledger: { close(): Promise<void> };
let nats: NatsConnection;
/** The runs that reconciliation would list. */
let runs: ReconciliationRun[] = [];
beforeAll(async () => {
  control = await TestControl.start();
  ledger = await startLedger({
    NATS_URL: control.nats.url,
    TOLLGATE_NATS_REPLICAS: 1,
    DATABASE_URL: control.database.url,
    TOLLGATE_LOG_LEVEL: 'error',
  });
  nats = await connect({ servers: control.nats.url });
  nats.subscribe(listRuns.subject, {
    callback: (error, question) => void (error ?? question.respond(JSON.stringify({ items: runs }))),
  });
});
afterAll(async () => {
  await nats.close();
  await ledger.close();
  await control.stop();
});

const run = (usageSequence: number): ReconciliationRun => ({
  id: `run-${usageSequence}`,
  startedAt: '2025-08-01T00:10:00.000Z',
  finishedAt: '2025-08-01T00:11:00.000Z',
  cut: { usageSequence },
  status: 'balanced',
  counts: { accepted: 3, charged: 3, suspended: 0, quarantined: 0, voided: 0 },
  cells: 1,
  totals: [],
  grossErrorPpm: 0,
  breakCount: 0,
  breaks: [],
});

it('follows usage onto an invoice, through reconciliation, to a payment and a proof', async () => {
  const acme = '/v1/organisations/acme';
  const token = await control.organisation('acme');
  const other = await control.organisation('other');
  const party = { legalName: 'Somebody Ltd', address: ['1 Road'] };
  await control.did('POST /v1/issuers', { body: { id: 'default', ...party, numberPrefix: 'TG' } });
  const rate = { jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive', validFrom: '2007-01-01' };
  await control.did('POST /v1/tax-rates', { body: rate });
  await control.did(`POST ${acme}/billing-profile`, { body: { ...party, taxation: { jurisdiction: 'DE' } } });
  const terms = { currency: 'USD', terms: { kind: 'postpaid', creditLimit: '1000' } };
  await control.did(`POST ${acme}/wallets/default/terms`, { body: terms });

  const book = await connectLedger(control.database.url);
  const usage = { org: 'acme', team: 'search', project: 'web', effectiveAt: '2025-07-31T23:59:59.999Z' };
  const lines = { 'in.fresh.text': [1000, '0.00125'], 'out.text': [100, '0.01'] } as const;
  await bookUsage(book, ...['a', 'b', 'c'].map((id, sequence) => ({ ...usage, id, sequence, lines })));

  const draft = await control.did(`POST ${acme}/invoices`, { body: { id: 'july', currency: 'USD', month: '2025-07' } });
  expect(draft).toMatchObject({ state: 'draft', lineCount: 2, amounts: { exact: '6.75', tax: '1.28', total: '8.03' } });
  const finalise = () => control.call(`POST ${acme}/invoices/july/finalise`, { body: {} });
  expect((await finalise()).body['error']).toMatchObject({ code: 'not_reconciled' });
  runs = [run(1)];
  expect((await finalise()).body['error']).toMatchObject({
    code: 'conflict',
    message: expect.stringMatching(/looked at USAGE up to 1, and this usage reaches to 2: run it again/),
  });
  runs = [run(2)];
  const { status, body: final } = await finalise();
  expect([status, final]).toMatchObject([
    200,
    {
      state: 'final',
      number: expect.stringMatching(/^TG-\d{4}-000001$/),
      evidence: { runId: 'run-2', grossErrorPpm: 0 },
    },
  ]);
  expect((await finalise()).body).toEqual(final);

  const pdf = await control.call(`GET ${acme}/invoices/july.pdf`, { token });
  expect([pdf.status, pdf.text.slice(0, 5)]).toEqual([200, '%PDF-']);
  for (const path of ['invoices/july', 'invoices/july.pdf', 'invoices/july/lines/1/proof?eventId=a', 'credit-notes']) {
    expect([path, (await control.call(`GET ${acme}/${path}`, { token: other })).status]).toEqual([path, 404]);
  }

  const paid = await control.did(`POST ${acme}/invoices/july/payments`, {
    body: { amount: '8.03' },
    headers: { 'idempotency-key': 'p' },
  });
  expect(paid).toMatchObject({ repeated: false, invoice: { state: 'paid', amounts: { outstanding: '0' } } });
  const proof = await control.did(`GET ${acme}/invoices/july/lines/2/proof?eventId=b`, { token });
  expect(verifyProof(inclusionProof.parse(proof), String(final['root']))).toBe(true);
  const statement = await control.did(`GET ${acme}/statement?currency=USD&from=2025-07-01&to=2100-01-01`, { token });
  expect(statement['accounts']).toMatchObject([
    { account: 'receivable', debits: '8.03', credits: '8.03', closing: '0' },
    { account: 'unbilled-receivable', debits: '6.75', credits: '6.75', closing: '0' },
  ]);

  expect(await verifyInvoices(book)).toEqual([]);
  expect(await unsoundness(book)).toEqual([]);
  await book.destroy();
});
