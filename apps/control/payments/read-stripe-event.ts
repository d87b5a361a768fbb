import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { fromStripeAmount } from './stripe-amount.js';
import { type PaymentReport, readEvent } from './payment-report.js';

const ids = z.string().min(1).max(100);
const minorUnits = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const currency = z
  .string()
  .regex(/^[a-zA-Z]{3}$/)
  .transform((code) => code.toUpperCase());
/** Whose payment it is stands in its metadata: put it on the payment intent, from where Stripe copies it to the charge. */
const metadata = z.object(
  { tollgate_organisation: identifier, tollgate_wallet: identifier.exactOptional() },
  { error: 'the metadata must name "tollgate_organisation"' },
);

const eventOf = <Shape extends z.ZodType>(object: Shape) => z.object({ data: z.object({ object }) });

const paymentIntent = eventOf(z.object({ id: ids, amount_received: minorUnits.positive(), currency, metadata }));
const checkoutSession = eventOf(
  z.object({
    payment_intent: z.union([ids, z.object({ id: ids }).transform(({ id }) => id)], {
      error: 'a session without a payment intent is no top-up: use mode "payment"',
    }),
    amount_total: minorUnits.positive(),
    currency,
    metadata,
  }),
);
const paymentStatus = eventOf(z.object({ payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']) }));
const charge = eventOf(
  z.object({
    payment_intent: z.union([ids, z.object({ id: ids }).transform(({ id }) => id)], {
      error: 'a charge without a payment intent was no top-up',
    }),
    amount_refunded: minorUnits.positive(),
    currency,
    metadata,
  }),
);

/**
 * What a Stripe event says. A payment is reported by its payment intent and by its checkout session: both name the
 * intent, whose id is the payment's. An event of any other type is ignored.
 * Source: https://docs.stripe.com/api/events/types
 * @throws ApiError 400 for one of ours that cannot be read.
 */
export function readStripeEvent({ type, ...event }: { readonly type: string }): PaymentReport {
  switch (type) {
    case 'payment_intent.succeeded': {
      const { id, amount_received: received, ...intent } = readEvent(paymentIntent, event).data.object;
      return paid({ ...intent, paymentId: id, minorUnits: received });
    }
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded': {
      // Completed and unpaid: the money comes later or not at all, and is then reported for itself.
      if (readEvent(paymentStatus, event).data.object.payment_status !== 'paid') return { kind: 'ignored' };
      const {
        payment_intent: paymentId,
        amount_total: total,
        ...session
      } = readEvent(checkoutSession, event).data.object;
      return paid({ ...session, paymentId, minorUnits: total });
    }
    case 'charge.refunded': {
      const { payment_intent: paymentId, amount_refunded: refunded, ...rest } = readEvent(charge, event).data.object;
      return {
        kind: 'refunded',
        organisation: rest.metadata.tollgate_organisation,
        paymentId,
        currency: rest.currency,
        refundedTotal: fromStripeAmount(refunded, rest.currency),
      };
    }
    default:
      return { kind: 'ignored' };
  }
}

interface StripePayment {
  readonly paymentId: string;
  readonly minorUnits: number;
  readonly currency: string;
  readonly metadata: z.infer<typeof metadata>;
}

function paid({ paymentId, minorUnits, currency, metadata }: StripePayment): PaymentReport {
  const { tollgate_organisation: organisation, tollgate_wallet: wallet } = metadata;
  return {
    kind: 'paid',
    organisation,
    ...(wallet === undefined ? {} : { wallet }),
    paymentId,
    currency,
    amount: fromStripeAmount(minorUnits, currency),
  };
}
