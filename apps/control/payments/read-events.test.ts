import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PICO, parseAmount } from '#money/pico.js';
import { ApiError } from '../errors/api-error.js';
import { readPaymentEvent } from './read-payment-event.js';
import { readStripeEvent } from './read-stripe-event.js';
import { fromStripeAmount } from './stripe-amount.js';

const metadata = { tollgate_organisation: 'acme', tollgate_wallet: 'research' };
const event = (type: string, object: object) => ({ id: 'evt_1', type, data: { object } });
const intent = { id: 'pi_1', object: 'payment_intent', amount: 1050, amount_received: 1050, currency: 'usd', metadata };
const session = {
  ...{ id: 'cs_1', object: 'checkout.session', payment_intent: 'pi_1', payment_status: 'paid' },
  ...{ amount_total: 1050, currency: 'usd', metadata },
};
const charge = {
  ...{ id: 'ch_1', object: 'charge', payment_intent: 'pi_1', amount: 1050, amount_refunded: 300, currency: 'usd' },
  metadata,
};
const paid = {
  ...{ kind: 'paid', organisation: 'acme', wallet: 'research', paymentId: 'pi_1', currency: 'USD', amount: '10.50' },
};

describe('an amount of Stripe', () => {
  it.each([
    [1050, 'USD', '10.50'],
    [5, 'EUR', '0.05'],
    [1050, 'JPY', '1050'],
    [1050, 'KWD', '1.050'],
    [7, 'BHD', '0.007'],
    [500, 'ISK', '5.00'],
    [500, 'UGX', '5.00'],
    [500, 'MGA', '500'],
  ])('of %d in %s is %s', (minorUnits, currency, amount) => {
    expect(fromStripeAmount(minorUnits, currency)).toBe(amount);
  });

  it('is converted exactly', () => {
    const decimals = { JPY: 0, USD: 2, KWD: 3 };
    fc.assert(
      fc.property(fc.constantFrom('JPY', 'USD', 'KWD'), fc.maxSafeNat(), (currency, minorUnits) => {
        const pico = BigInt(minorUnits) * 10n ** (12n - BigInt(decimals[currency]));
        fc.pre(pico <= MAX_PICO);
        expect(parseAmount(fromStripeAmount(minorUnits, currency))).toBe(pico);
      }),
    );
  });
});

describe('an event of Stripe', () => {
  it('says the same of a payment by its intent and by its session', () => {
    expect(readStripeEvent(event('payment_intent.succeeded', intent))).toEqual(paid);
    expect(readStripeEvent(event('checkout.session.completed', session))).toEqual(paid);
    expect(readStripeEvent(event('checkout.session.async_payment_succeeded', session))).toEqual(paid);
    const expanded = { ...session, payment_intent: { id: 'pi_1', object: 'payment_intent' } };
    expect(readStripeEvent(event('checkout.session.completed', expanded))).toEqual(paid);
  });

  it('says what was refunded in all, and of which payment', () => {
    expect(readStripeEvent(event('charge.refunded', charge))).toEqual({
      ...{ kind: 'refunded', organisation: 'acme', paymentId: 'pi_1', currency: 'USD', refundedTotal: '3.00' },
    });
  });

  it('leaves the wallet to be the default one', () => {
    const unnamed = { ...intent, metadata: { tollgate_organisation: 'acme' } };
    expect(readStripeEvent(event('payment_intent.succeeded', unnamed))).not.toHaveProperty('wallet');
  });

  it('is ignored when it is of another type, or no money has come yet', () => {
    expect(readStripeEvent(event('customer.created', {}))).toEqual({ kind: 'ignored' });
    for (const payment_status of ['unpaid', 'no_payment_required']) {
      const open = { ...session, payment_status };
      expect(readStripeEvent(event('checkout.session.completed', open))).toEqual({ kind: 'ignored' });
    }
  });

  it.each<[what: string, event: { type: string }]>([
    ['no object', { type: 'payment_intent.succeeded' }],
    ['no metadata', event('payment_intent.succeeded', { ...intent, metadata: undefined })],
    ['no organisation', event('payment_intent.succeeded', { ...intent, metadata: {} })],
    [
      'a wallet that is no id',
      event('charge.refunded', { ...charge, metadata: { ...metadata, tollgate_wallet: 'a/b' } }),
    ],
    ['an amount of nothing', event('payment_intent.succeeded', { ...intent, amount_received: 0 })],
    ['half a cent', event('payment_intent.succeeded', { ...intent, amount_received: 0.5 })],
    ['an amount as text', event('payment_intent.succeeded', { ...intent, amount_received: '1050' })],
    ['an amount beyond what JSON holds exactly', event('charge.refunded', { ...charge, amount_refunded: 2 ** 53 })],
    ['a session without an intent', event('checkout.session.completed', { ...session, payment_intent: null })],
    ['a charge without an intent', event('charge.refunded', { ...charge, payment_intent: null })],
  ])('with %s is refused, so that it comes again', (_, event) => {
    expect(() => readStripeEvent(event)).toThrow(ApiError);
  });
});

describe('an event of another payment provider', () => {
  const data = { organisation: 'acme', paymentId: 'p-1', currency: 'USD', amount: '10.50' };

  it('says what was paid and refunded, and is ignored otherwise', () => {
    expect(readPaymentEvent({ type: 'payment.succeeded', data } as { type: string })).toEqual({
      kind: 'paid',
      ...data,
    });
    const { amount: _, ...refund } = { ...data, refundedTotal: '3' };
    expect(readPaymentEvent({ type: 'payment.refunded', data: refund } as { type: string })).toEqual({
      ...{ kind: 'refunded', ...refund },
    });
    expect(readPaymentEvent({ type: 'payment.created' })).toEqual({ kind: 'ignored' });
  });

  it.each([{ amount: '0' }, { amount: '-1' }, { amount: 10.5 }, { currency: 'usd' }, { paymentId: 'a b' }])(
    'with %j is refused',
    (wrong) => {
      const event = { type: 'payment.succeeded', data: { ...data, ...wrong } };
      expect(() => readPaymentEvent(event)).toThrow(ApiError);
    },
  );
});
