import type { JetStreamClient } from '@nats-io/jetstream';
import type { ChargeEvent } from '#contracts/charge.js';
import { chargeSubject } from '#contracts/streams.js';
import { publishEvents } from '#jetstream/publish.js';

/**
 * Puts charges on CHARGES in the order of their usage. The charges of one USAGE message share a CHARGES message, however
 * the deliveries were batched: so a message that comes again gives the same bytes and the same message id.
 */
export async function publishCharges(js: JetStreamClient, charges: readonly ChargeEvent[]): Promise<void> {
  const messages = new Map<number, { readonly subject: string; readonly charges: ChargeEvent[] }>();
  for (const charge of charges) {
    const { sequence } = charge.data.position;
    const message = messages.get(sequence) ?? { subject: chargeSubject(charge.org), charges: [] };
    message.charges.push(charge);
    messages.set(sequence, message);
  }
  // All at once, in order: the consumer's limit of unacknowledged messages bounds how many these are.
  await Promise.all([...messages.values()].map(({ subject, charges }) => publishEvents(js, subject, charges)));
}
