import type { NatsConnection } from '@nats-io/transport-node';
import type { DataSource } from 'typeorm';
import { reportRefund, topUp } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { notFound } from '../errors/api-error.js';
import { Organisation } from '../organisations/organisation.entity.js';
import type { PaymentReport } from './payment-report.js';

/** What became of a report: booked now, booked before, or nothing that the book wants to know. */
export type Outcome = 'applied' | 'repeated' | 'ignored';

/**
 * Books what a payment provider reports, once per payment, however many of its events report it.
 * @throws what the book refuses or cannot be asked now: the provider must see a failure, and reports again.
 */
export async function applyPayment(
  { nats, source }: { readonly nats: NatsConnection; readonly source: DataSource },
  report: PaymentReport,
): Promise<Outcome> {
  if (report.kind === 'ignored') return 'ignored';
  const { organisation: orgId, paymentId, currency } = report;
  if (!(await source.getRepository(Organisation).existsBy({ id: orgId }))) throw notFound('organisation', orgId);
  if (report.kind === 'refunded') {
    const { refundedTotal } = report;
    const { repeated } = await ask(nats, reportRefund, { orgId, paymentId, currency, refundedTotal });
    return repeated ? 'repeated' : 'applied';
  }
  const wallet = report.wallet === undefined ? {} : { wallet: report.wallet };
  const paid = { orgId, ...wallet, currency, amount: report.amount, idempotencyKey: paymentId };
  const { repeated } = await ask(nats, topUp, paid);
  return repeated ? 'repeated' : 'applied';
}
