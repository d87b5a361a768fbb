import { z } from 'zod';
import { currency, identifier } from '#contracts/cloud-event.js';
import { moved } from '../wallets/fields.js';
import { type PaymentReport, readEvent } from './payment-report.js';

const paymentId = z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters');
const common = { organisation: identifier, paymentId, currency };
const succeeded = z.object({ data: z.object({ ...common, wallet: identifier.exactOptional(), amount: moved }) });
const refunded = z.object({ data: z.object({ ...common, refundedTotal: moved }) });

/**
 * What an event of any other payment provider says: `payment.succeeded` and `payment.refunded` in the form of Standard
 * Webhooks, `{"type": …, "timestamp": …, "data": {…}}`, with amounts as decimal strings of main units.
 * @throws ApiError 400 for one of these that cannot be read; an event of another type is ignored.
 */
export function readPaymentEvent({ type, ...event }: { readonly type: string }): PaymentReport {
  switch (type) {
    case 'payment.succeeded':
      return { kind: 'paid', ...readEvent(succeeded, event).data };
    case 'payment.refunded':
      return { kind: 'refunded', ...readEvent(refunded, event).data };
    default:
      return { kind: 'ignored' };
  }
}
