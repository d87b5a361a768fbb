import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { TestControl } from '#apps/control/test-control.fixture.js';
import { bookCharges } from '#apps/ledger/book-charges.js';
import { deliveredCharge } from '#apps/ledger/charge-event.fixture.js';
import { startLedger } from '#apps/ledger/start-ledger.js';
import { connectLedger, unsoundness } from '#apps/ledger/test-ledger.fixture.js';

const secret = 'whsec_0123456789abcdef';
let control: TestControl;
let ledger: { close(): Promise<void> };
beforeAll(async () => {
  control = await TestControl.start({ TOLLGATE_STRIPE_WEBHOOK_SECRET: secret });
  ledger = await startLedger({
    NATS_URL: control.nats.url,
    TOLLGATE_NATS_REPLICAS: 1,
    DATABASE_URL: control.database.url,
    TOLLGATE_LOG_LEVEL: 'error',
  });
  await control.organisation('acme');
});
afterAll(async () => {
  await ledger.close();
  await control.stop();
});

function fromStripe(type: string, object: object) {
  const body = JSON.stringify({ id: 'evt_1', type, data: { object } }, undefined, 2);
  const time = Math.floor(Date.now() / 1000);
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  return control.call('POST /api/webhooks/stripe', {
    token: '',
    body,
    headers: { 'stripe-signature': `t=${time},v1=${signature}` },
  });
}

/** The wallet as the API shows it. */
async function research(): Promise<unknown> {
  const { data } = await control.did('GET /v1/organisations/acme/wallets');
  return (data as { id: string }[]).find(({ id }) => id === 'research');
}

it('follows money from a payment into a wallet, through usage and back', async () => {
  const acme = '/v1/organisations/acme';
  const currency = 'USD';
  await control.did(`POST ${acme}/wallets`, { body: { id: 'research', currency } });
  const payer = { kind: 'team', id: 'search' };
  await control.did(`POST ${acme}/wallet-assignments`, { body: { currency, payer, wallet: 'research' } });
  const grant = { id: 'welcome', currency, amount: '2', wallet: 'research' };
  await control.did(`POST ${acme}/grants`, { body: grant, headers: { 'idempotency-key': 'welcome' } });

  const metadata = { tollgate_organisation: 'acme', tollgate_wallet: 'research' };
  const payment = { currency: 'usd', metadata };
  // One payment in three events, all at once.
  const answers = await Promise.all([
    fromStripe('payment_intent.succeeded', { ...payment, id: 'pi_1', amount_received: 1000 }),
    fromStripe('payment_intent.succeeded', { ...payment, id: 'pi_1', amount_received: 1000 }),
    fromStripe('checkout.session.completed', {
      ...{ ...payment, id: 'cs_1', payment_intent: 'pi_1', amount_total: 1000, payment_status: 'paid' },
    }),
  ]);
  expect(answers.map(({ body }) => body['outcome']).toSorted()).toEqual(['applied', 'repeated', 'repeated']);
  expect(await research()).toMatchObject({ money: '10', credits: '2', balance: '12' });

  const book = await connectLedger(control.database.url);
  const effectiveAt = new Date().toISOString();
  await bookCharges(book, [deliveredCharge({ id: 'a', amount: 5n * 10n ** 12n, team: 'search', effectiveAt })]);
  expect(await research()).toMatchObject({ money: '7', credits: '0', balance: '7' });

  const charge = { ...payment, id: 'ch_1', payment_intent: 'pi_1' };
  for (const [refunded, outcome] of [
    [400, 'applied'],
    [400, 'repeated'],
    [1000, 'applied'],
  ]) {
    expect((await fromStripe('charge.refunded', { ...charge, amount_refunded: refunded })).body).toEqual({ outcome });
  }
  expect(await research()).toMatchObject({ money: '0', balance: '0' });
  const accounts = await control.did(`GET ${acme}/ledger/trial-balance`);
  expect(accounts['data']).toContainEqual(
    expect.objectContaining({ name: 'receivable:reversed-payments:research', balance: '3' }),
  );
  expect(await unsoundness(book)).toEqual([]);
  await book.destroy();
});
