import type { z } from 'zod';
import { ApiError } from '../errors/api-error.js';

/** What a payment provider says has happened, whoever it is. */
export type PaymentReport =
  | {
      readonly kind: 'paid';
      readonly organisation: string;
      /** Absent: the default one. */
      readonly wallet?: string;
      /** The provider's own id of the payment: what makes a top-up happen once. */
      readonly paymentId: string;
      readonly currency: string;
      readonly amount: string;
    }
  | {
      readonly kind: 'refunded';
      readonly organisation: string;
      readonly paymentId: string;
      readonly currency: string;
      /** Of this payment, so far. */
      readonly refundedTotal: string;
    }
  /** Nothing that moves money, or nothing yet. */
  | { readonly kind: 'ignored' };

/** @throws ApiError 400, so that the provider shows the failure and sends the event again. */
export function readEvent<Schema extends z.ZodType>(schema: Schema, event: unknown): z.output<Schema> {
  const read = schema.safeParse(event);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const param = issue?.path.map(String).join('.') ?? '';
  throw new ApiError(
    400,
    'event_invalid',
    `The event cannot be applied: ${param}: ${issue?.message ?? 'unreadable'}.`,
    {
      param,
    },
  );
}
