import { jetstream, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/** Messages fetched ahead. What a run holds of a stream is at most these, 512 KiB each. */
const MAX_FETCHED = 256;
/** Longer than a broker's restart takes. */
const MAX_SILENCE_MS = 20_000;
/** The broker forgets the reader of a run that is over, or was killed. */
const FORGOTTEN_AFTER_MS = 30_000;

export interface StreamPart {
  readonly stream: string;
  readonly subject: string;
  /** Up to and with this sequence. */
  readonly last: number;
}

/** The messages of a stream from its beginning, in order. @throws when the broker says nothing for 20 s. */
export async function* readStream(
  connection: NatsConnection,
  { stream, subject, last }: StreamPart,
): AsyncGenerator<JsMsg, void> {
  const consumer = await jetstream(connection).consumers.get(stream, {
    filter_subjects: subject,
    inactive_threshold: FORGOTTEN_AFTER_MS,
  });
  // As it was when created, before anything was fetched. Of an empty part no message would ever end the loop below.
  const { num_pending: pending } = await consumer.info(true);
  if (pending === 0) return;
  const messages = await consumer.consume({ max_messages: MAX_FETCHED });
  const silence = setTimeout(
    () => messages.stop(new Error(`${stream} was silent for ${MAX_SILENCE_MS / 1000} s before message ${last}.`)),
    MAX_SILENCE_MS,
  );
  try {
    for await (const message of messages) {
      if (message.seq > last) return;
      yield message;
      if (message.seq === last || message.info.pending === 0) return;
      silence.refresh();
    }
  } finally {
    clearTimeout(silence);
  }
}
