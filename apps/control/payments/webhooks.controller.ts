import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Inject, Logger, Post, UseGuards } from '@nestjs/common';
import { ApiSecurity, ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { badBody, Operation } from '../openapi/operation.js';
import { applyPayment } from './apply-payment.js';
import type { PaymentReport } from './payment-report.js';
import { readPaymentEvent } from './read-payment-event.js';
import { readStripeEvent } from './read-stripe-event.js';
import { StandardSignatureGuard, StripeSignatureGuard } from './signature.guards.js';

/** Providers add fields as they like: what an event says is read after its type is known. */
const paymentEvent = z.looseObject({ type: z.string().min(1).max(256) }).meta({ id: 'PaymentEvent' });
type PaymentEvent = z.infer<typeof paymentEvent>;
const outcome = z.object({ outcome: z.enum(['applied', 'repeated', 'ignored']) }).meta({ id: 'PaymentOutcome' });

/** A provider sends an event again until it is answered with 200: whatever is not booked or ignored is an error here. */
@ApiTags('payments')
@Controller('api/webhooks')
export class WebhooksController {
  readonly #log = new Logger('Payments');

  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Post('stripe')
  @UseGuards(StripeSignatureGuard)
  @ApiSecurity('stripe')
  @Operation({
    summary: 'Events of Stripe: payments become top-ups, refunds refunds',
    access: 'signed',
    answer: outcome,
    refuses: [...badBody, 404, 409],
  })
  receiveStripeEvent(@Body({ schema: paymentEvent }) event: PaymentEvent) {
    return this.#apply(event, () => readStripeEvent(event));
  }

  @Post('payments')
  @UseGuards(StandardSignatureGuard)
  @ApiSecurity('standard-webhooks')
  @Operation({
    summary: 'Events of any other payment provider, signed by Standard Webhooks',
    access: 'signed',
    answer: outcome,
    refuses: [...badBody, 404, 409],
  })
  receivePaymentEvent(@Body({ schema: paymentEvent }) event: PaymentEvent) {
    return this.#apply(event, () => readPaymentEvent(event));
  }

  async #apply({ type }: PaymentEvent, read: () => PaymentReport): Promise<z.infer<typeof outcome>> {
    try {
      return { outcome: await applyPayment({ nats: this.nats, source: this.source }, read()) };
    } catch (error) {
      // Money may have come in or gone out that is not booked: a person should know, not the provider alone.
      this.#log.warn(`A payment event "${type}" is not applied; the provider will send it again.`, error);
      throw error;
    }
  }
}
