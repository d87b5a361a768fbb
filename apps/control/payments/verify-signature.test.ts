import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verifyStandardSignature, verifyStripeSignature } from './verify-signature.js';

const secret = 'whsec_0123456789abcdef';
const body = Buffer.from('{"id":"evt_1","type":"payment_intent.succeeded"}');
const nowSeconds = 1_784_000_000;
const request = { body, secret, nowSeconds };

const signed = (time: number | string, of: Buffer | string = body, under = secret) =>
  createHmac('sha256', under).update(`${time}.`).update(of).digest('hex');
const header = (time: number, ...signatures: string[]) =>
  [`t=${time}`, ...signatures.map((signature) => `v1=${signature}`)].join(',');

describe('a signature of Stripe', () => {
  it('is genuine over these bytes, up to five minutes from now, beside other schemes and while a secret is rolled', () => {
    const genuine = signed(nowSeconds);
    for (const given of [
      header(nowSeconds, genuine),
      header(nowSeconds, signed(nowSeconds, body, 'whsec_the-former-secret'), genuine),
      `${header(nowSeconds, genuine)},v0=${'0'.repeat(64)}`,
      `t=${nowSeconds}, v1=${genuine}`,
      header(nowSeconds - 300, signed(nowSeconds - 300)),
      header(nowSeconds + 300, signed(nowSeconds + 300)),
    ]) {
      expect([given, verifyStripeSignature(given, request)]).toEqual([given, undefined]);
    }
  });

  it.each<[what: string, header: string | undefined, refusal: string]>([
    ['no header', undefined, 'header_missing'],
    ['an empty header', '', 'header_unreadable'],
    ['no time', `v1=${signed(nowSeconds)}`, 'header_unreadable'],
    ['two times', `t=1,${header(nowSeconds, signed(nowSeconds))}`, 'header_unreadable'],
    ['a time in words', `t=now,v1=${signed('now')}`, 'header_unreadable'],
    ['another scheme only', `t=${nowSeconds},v0=${signed(nowSeconds)}`, 'header_unreadable'],
    ['a signature of nothing', `t=${nowSeconds},v1=`, 'signature_wrong'],
    ['half a signature', header(nowSeconds, signed(nowSeconds).slice(0, 32)), 'signature_wrong'],
    ['another secret', header(nowSeconds, signed(nowSeconds, body, 'whsec_another')), 'signature_wrong'],
    ['an empty secret: fault 53', header(nowSeconds, signed(nowSeconds, body, '')), 'signature_wrong'],
    ['another time', header(nowSeconds, signed(nowSeconds - 1)), 'signature_wrong'],
    ['a replay', header(nowSeconds - 301, signed(nowSeconds - 301)), 'outside_tolerance'],
    ['the future', header(nowSeconds + 301, signed(nowSeconds + 301)), 'outside_tolerance'],
  ])('is refused with %s', (_, given, refusal) => {
    expect(verifyStripeSignature(given, request)).toBe(refusal);
  });

  it('is refused over any other bytes, also when they mean the same', () => {
    const given = header(nowSeconds, signed(nowSeconds));
    const spaced = Buffer.from(JSON.stringify(JSON.parse(body.toString()), undefined, 1));
    expect(verifyStripeSignature(given, { ...request, body: spaced })).toBe('signature_wrong');
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const other = Buffer.from(bytes);
        expect(verifyStripeSignature(given, { ...request, body: other })).toBe(
          other.equals(body) ? undefined : 'signature_wrong',
        );
      }),
    );
  });
});

describe('a signature of Standard Webhooks', () => {
  // The example that the libraries of the standard test with.
  const example = {
    headers: {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: '1614265330',
      signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    },
    request: {
      body: Buffer.from('{"test": 2432232314}'),
      secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      nowSeconds: 1_614_265_330,
    },
  };
  const verify = (headers: Partial<typeof example.headers>, more: Partial<typeof example.request> = {}) =>
    verifyStandardSignature({ ...example.headers, ...headers }, { ...example.request, ...more });

  it('is the one of the standard, also among others', () => {
    expect(verify({})).toBeUndefined();
    expect(verify({ signature: `v1a,xyz v1,AAAA ${example.headers.signature}` })).toBeUndefined();
    expect(verify({}, { nowSeconds: 1_614_265_330 + 300 })).toBeUndefined();
  });

  it('is refused over another id, time or body, when it is missing, old or of another scheme', () => {
    expect(verify({ id: 'msg_other' })).toBe('signature_wrong');
    expect(verify({ timestamp: '1614265331' })).toBe('signature_wrong');
    expect(verify({}, { body: Buffer.from('{"test":2432232314}') })).toBe('signature_wrong');
    expect(verify({}, { secret: `whsec_${Buffer.from('another secret of 24 byt').toString('base64')}` })).toBe(
      'signature_wrong',
    );
    expect(verify({ signature: example.headers.signature.replace('v1,', 'v2,') })).toBe('header_unreadable');
    expect(verify({ id: '' })).toBe('header_unreadable');
    expect(verify({}, { nowSeconds: 1_614_265_330 + 301 })).toBe('outside_tolerance');
    const { headers, request } = example;
    expect(verifyStandardSignature({ ...headers, signature: undefined }, request)).toBe('header_missing');
  });
});
