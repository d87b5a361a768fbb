import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestMicroservice } from '@nestjs/common';
import { parseConfig } from '#config/config.js';
import { controlConfig } from '../control.config.js';
import { type OtherApps, startOtherApps } from '../other-apps.fixture.js';
import { type Answer, TestControl } from '../test-control.fixture.js';

const stripeSecret = 'whsec_0123456789abcdef';
const standardKey = Buffer.from('a key of 24 random bytes');
const secrets = {
  TOLLGATE_STRIPE_WEBHOOK_SECRET: stripeSecret,
  TOLLGATE_PAYMENT_WEBHOOK_SECRET: `whsec_${standardKey.toString('base64')}`,
};

let control: TestControl;
let others: { answers: OtherApps; app: INestMicroservice };
beforeAll(async () => {
  control = await TestControl.start(secrets);
  others = await startOtherApps(control.nats.url);
  await control.organisation('acme');
});
afterAll(async () => {
  await others.app.close();
  await control.stop();
});

const seconds = () => Math.floor(Date.now() / 1000);

/** As Stripe sends it: pretty-printed, so that JSON which is read and written again is another text. */
function fromStripe(event: object, secret = stripeSecret, to = control): Promise<Answer> {
  const body = JSON.stringify(event, undefined, 2);
  const time = seconds();
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  const headers = {
    'stripe-signature': `t=${time},v1=${signature}`,
    'content-type': 'application/json; charset=utf-8',
  };
  return to.call('POST /api/webhooks/stripe', { token: '', body, headers });
}

function fromProvider(event: object): Promise<Answer> {
  const body = JSON.stringify(event);
  const [id, time] = ['msg_1', String(seconds())];
  const signature = createHmac('sha256', standardKey).update(`${id}.${time}.${body}`).digest('base64');
  const headers = { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': `v1,${signature}` };
  return control.call('POST /api/webhooks/payments', { token: '', body, headers });
}

const event = (type: string, object: object) => ({ id: 'evt_1', object: 'event', type, data: { object } });
const metadata = { tollgate_organisation: 'acme', tollgate_wallet: 'research' };
const intentOf = (id: string, more = {}) =>
  event('payment_intent.succeeded', { id, amount_received: 2550, currency: 'usd', metadata, ...more });
const sessionOf = (intent: string) =>
  event('checkout.session.completed', {
    ...{ id: 'cs_1', payment_intent: intent, payment_status: 'paid', amount_total: 2550, currency: 'usd', metadata },
  });

describe('events of Stripe', () => {
  it('top a wallet up once per payment, by whichever events and however often it is reported', async () => {
    const outcomes = [];
    for (const one of [intentOf('pi_1'), sessionOf('pi_1'), intentOf('pi_1')]) {
      outcomes.push((await fromStripe(one)).body['outcome']);
    }
    expect(outcomes).toEqual(['applied', 'repeated', 'repeated']);
    const asked = { orgId: 'acme', wallet: 'research', currency: 'USD', amount: '25.50', idempotencyKey: 'pi_1' };
    expect(others.answers.asked).toContainEqual(asked);
  });

  it('report refunds in total, of a payment that is booked', async () => {
    const refund = (intent: string) =>
      event('charge.refunded', { id: 'ch_1', payment_intent: intent, amount_refunded: 300, currency: 'usd', metadata });
    await fromStripe(intentOf('pi_2'));
    expect(await fromStripe(refund('pi_2'))).toMatchObject({ status: 200, body: { outcome: 'applied' } });
    const asked = { orgId: 'acme', paymentId: 'pi_2', currency: 'USD', refundedTotal: '3.00' };
    expect(others.answers.asked.at(-1)).toEqual(asked);
    // Its payment comes later: Stripe sends this again.
    expect((await fromStripe(refund('pi_unknown'))).status).toBe(404);
  });

  it('of other types are taken and ignored', async () => {
    const before = others.answers.asked.length;
    expect(await fromStripe(event('customer.created', {}))).toMatchObject({
      status: 200,
      body: { outcome: 'ignored' },
    });
    expect(others.answers.asked).toHaveLength(before);
  });

  it.each<[what: string, event: () => object, status: number]>([
    [
      'an organisation that is not there',
      () => intentOf('pi_3', { metadata: { tollgate_organisation: 'nobody' } }),
      404,
    ],
    ['no organisation', () => intentOf('pi_3', { metadata: {} }), 400],
    ['another amount for a payment that is booked', () => intentOf('pi_1', { amount_received: 1 }), 409],
    ['no type', () => ({ id: 'evt_1' }), 400],
  ])('with %s fail, so that they come again', async (_, event, status) => {
    expect((await fromStripe(event())).status).toBe(status);
  });

  it('are refused when anybody else has signed them, or nobody', async () => {
    const before = others.answers.asked.length;
    expect((await fromStripe(intentOf('pi_4'), 'whsec_another-secret')).status).toBe(401);
    expect(await control.call('POST /api/webhooks/stripe', { body: intentOf('pi_4') })).toMatchObject({
      status: 401,
      body: { error: { code: 'signature_header_missing' } },
    });
    expect(others.answers.asked).toHaveLength(before);
  });
});

describe('events of another payment provider', () => {
  const data = { organisation: 'acme', paymentId: 'bank-1', currency: 'EUR', amount: '100' };

  it('top up the default wallet once, and report refunds', async () => {
    const paid = { type: 'payment.succeeded', timestamp: '2026-07-01T00:00:00Z', data };
    expect((await fromProvider(paid)).body).toEqual({ outcome: 'applied' });
    expect((await fromProvider(paid)).body).toEqual({ outcome: 'repeated' });
    const { amount: _, ...refund } = { ...data, refundedTotal: '40' };
    expect((await fromProvider({ ...paid, type: 'payment.refunded', data: refund })).body).toEqual({
      outcome: 'applied',
    });
    expect(others.answers.asked.at(-1)).toEqual({
      ...{ orgId: 'acme', paymentId: 'bank-1', currency: 'EUR', refundedTotal: '40' },
    });
  });

  it('are refused without a signature', async () => {
    const answer = await control.call('POST /api/webhooks/payments', { body: { type: 'payment.succeeded', data } });
    expect(answer.status).toBe(401);
  });
});

describe('fault 53: an empty webhook secret', () => {
  const environment = {
    ...{ NATS_URL: 'nats://127.0.0.1:4222', DATABASE_URL: 'postgres://localhost/tollgate', PORT: '8081' },
    ...{ TOLLGATE_KEY_PEPPER: 'p'.repeat(32), TOLLGATE_ADMIN_TOKEN: 'a'.repeat(16) },
  };

  it.each(['TOLLGATE_STRIPE_WEBHOOK_SECRET', 'TOLLGATE_PAYMENT_WEBHOOK_SECRET'])('in %s refuses to start', (name) => {
    expect(() => parseConfig(controlConfig, { ...environment, [name]: '' })).toThrow(
      new RegExp(`^${name} is wrong: .* Set it to .*; leave it out to take no`),
    );
    expect(() => parseConfig(controlConfig, { ...environment, [name]: ' '.repeat(40) })).toThrow(name);
    expect(() => parseConfig(controlConfig, { ...environment, ...secrets })).not.toThrow();
  });

  it('left out, leaves the routes closed, also to a signature made with nothing', async () => {
    const { nats, database } = control;
    const closed = await TestControl.startOn(nats, database, {});
    try {
      expect(await fromStripe(intentOf('pi_5'), '', closed)).toMatchObject({
        status: 404,
        body: { error: { code: 'webhook_not_configured' } },
      });
      expect((await closed.call('POST /api/webhooks/payments', { body: { type: 'x' } })).status).toBe(404);
    } finally {
      await closed.app.close();
    }
    expect((await fromStripe(intentOf('pi_5'), '')).status).toBe(401);
  });
});
