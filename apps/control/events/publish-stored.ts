import type { JetStreamClient } from '@nats-io/jetstream';
import type { DataSource } from 'typeorm';
import { usageSubject } from '#contracts/streams.js';
import { publishEvents } from '#jetstream/publish.js';
import { markPublished, type StoredEvent } from './reported-events.js';

export interface LogPorts {
  readonly source: DataSource;
  readonly jetstream: JetStreamClient;
}

/**
 * Brings to the log what of these is not known to be there, and remembers it. Killed in between, it is published again
 * later as the very same event, which every consumer knows by its id.
 * @throws when the log did not acknowledge all of them.
 */
export async function publishStored({ source, jetstream }: LogPorts, stored: readonly StoredEvent[]): Promise<void> {
  const missing = stored.filter(({ event }) => event !== null);
  if (missing.length === 0) return;
  for (const orgId of new Set(missing.map((event) => event.orgId))) {
    const json = missing.flatMap(({ event, ...one }) => (event !== null && one.orgId === orgId ? [event] : []));
    // Two of a batch may be the same.
    await publishEvents(jetstream, usageSubject(orgId), [...new Set(json)]);
  }
  await markPublished(source, missing);
}
