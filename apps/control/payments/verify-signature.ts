import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far a signed time may be from ours, either way: older, it may be a replay. Stripe's and the Standard's own value. */
const toleranceSeconds = 5 * 60;

export interface SignedRequest {
  /** The bytes that arrived. JSON that was read and written again is another text. */
  readonly body: Buffer;
  readonly secret: string;
  readonly nowSeconds: number;
}

/** Why a request is not taken for genuine; undefined of a genuine one. */
export type Refusal = 'header_missing' | 'header_unreadable' | 'outside_tolerance' | 'signature_wrong' | undefined;

/**
 * Scheme v1 of Stripe: `t=<seconds>,v1=<hex HMAC-SHA-256 of "t.body" under the whole secret>`. While a secret is being
 * rolled there are several v1, of which one must match; other schemes are passed over.
 * Source: https://docs.stripe.com/webhooks#verify-manually
 */
export function verifyStripeSignature(
  header: string | undefined,
  { body, secret, nowSeconds }: SignedRequest,
): Refusal {
  if (header === undefined) return 'header_missing';
  const parts = header.split(',').map((part) => part.trim().split('='));
  const valuesOf = (key: string) =>
    parts.flatMap(([name, value]) => (name === key && value !== undefined ? [value] : []));
  const [time, ...moreTimes] = valuesOf('t');
  const given = valuesOf('v1');
  if (time === undefined || moreTimes.length > 0 || given.length === 0) return 'header_unreadable';
  const expected = hmac(secret, `${time}.`, body).toString('hex');
  return verify(time, nowSeconds, () => given.some((signature) => isEqual(signature, expected)));
}

export interface StandardHeaders {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
}

/**
 * Standard Webhooks 1.0, symmetric: space-separated `v1,<base64 HMAC-SHA-256 of "id.timestamp.body">` under the bytes
 * that follow `whsec_` in base64. Source: https://github.com/standard-webhooks/standard-webhooks
 */
export function verifyStandardSignature(
  { id, timestamp, signature }: StandardHeaders,
  { body, secret, nowSeconds }: SignedRequest,
): Refusal {
  if (id === undefined || timestamp === undefined || signature === undefined) return 'header_missing';
  const given = signature.split(' ').flatMap((one) => (one.startsWith('v1,') ? [one.slice('v1,'.length)] : []));
  if (id === '' || given.length === 0) return 'header_unreadable';
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = hmac(key, `${id}.${timestamp}.`, body).toString('base64');
  return verify(timestamp, nowSeconds, () => given.some((one) => isEqual(one, expected)));
}

function verify(time: string, nowSeconds: number, isSigned: () => boolean): Refusal {
  if (!/^\d{1,12}$/.test(time)) return 'header_unreadable';
  if (!isSigned()) return 'signature_wrong';
  // After the signature, so that nobody learns our clock by trying.
  return Math.abs(nowSeconds - Number(time)) > toleranceSeconds ? 'outside_tolerance' : undefined;
}

const hmac = (key: string | Buffer, lead: string, body: Buffer) =>
  createHmac('sha256', key).update(lead).update(body).digest();

/** Takes as long for any text of the right length. The length is no secret. */
function isEqual(given: string, expected: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(expected)];
  return one.length === other.length && timingSafeEqual(one, other);
}
