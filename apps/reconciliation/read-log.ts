import type { NatsConnection } from '@nats-io/transport-node';
import { streams, usageSubject } from '#contracts/streams.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import { readMessage } from '#jetstream/read-batch.js';
import type { AcceptedUsage } from './accepted-usage.js';
import type { LoggedEvent } from './cells.js';
import type { FindPriceBook } from './find-price-book.js';
import { rateLogged } from './rate-logged.js';
import { readStream } from './read-stream.js';

/** What a run looks at: usage up to and with a sequence of USAGE, of one organisation or of all. */
export interface Extent {
  readonly usageSequence: number;
  readonly orgId: string | undefined;
}

export interface LogRoom {
  readonly connection: NatsConnection;
  readonly findPriceBook: FindPriceBook;
}

/** Every event that the log accepted, once, as each source should hold it. */
export async function* readLog(
  { connection, findPriceBook }: LogRoom,
  { usageSequence, orgId }: Extent,
  accepted: AcceptedUsage,
): AsyncGenerator<{ readonly event: UsageEvent; readonly logged: LoggedEvent }, void> {
  const part = { stream: streams.usage.name, subject: usageSubject(orgId ?? '*'), last: usageSequence };
  for await (const message of readStream(connection, part)) {
    for (const event of accepted.take(readMessage('usage', message))) {
      yield { event, logged: rateLogged(event, await findPriceBook(event.data.priceVersion)) };
    }
  }
}
