import { jetstream, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

export interface StreamPart {
  readonly stream: string;
  readonly subject: string;
  /** Up to and with this sequence. */
  readonly last: number;
}

/** The messages of a stream from its beginning, in order, a few hundred in memory at a time. */
export async function* readStream(
  connection: NatsConnection,
  { stream, subject, last }: StreamPart,
): AsyncGenerator<JsMsg, void> {
  const consumer = await jetstream(connection).consumers.get(stream, { filter_subjects: [subject] });
  try {
    if ((await consumer.info(true)).num_pending === 0) return;
    const messages = await consumer.consume({ max_messages: 500 });
    for await (const message of messages) {
      if (message.seq > last) return;
      yield message;
      if (message.seq === last || message.info.pending === 0) return;
    }
  } finally {
    await consumer.delete();
  }
}
