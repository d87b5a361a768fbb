import { jetstream } from '@nats-io/jetstream';
import { z } from 'zod';
import { connectNats } from '#jetstream/connect.js';
import { lastSequence } from '#jetstream/progress.js';

/** Every event of a stream, in order, repeated ones too, read past all our consumers. */
export async function readLog<Event extends z.ZodType>(servers: string, stream: string, event: Event) {
  const connection = await connectNats({ servers, name: 'test' });
  try {
    const events: z.infer<Event>[] = [];
    const last = await lastSequence(connection, stream);
    if (last === 0) return events;
    const consumer = await jetstream(connection).consumers.get(stream);
    for await (const message of await consumer.consume()) {
      events.push(...z.array(event).parse(message.json()));
      if (message.seq >= last) break;
    }
    return events;
  } finally {
    await connection.close();
  }
}
