import type { JetStreamClient } from '@nats-io/jetstream';
import type { DataSource } from 'typeorm';
import { usageSubject } from '#contracts/streams.js';
import { publishEvents } from '#jetstream/publish.js';
import { markPublished, type StoredEvent } from './reported-events.js';

export interface LogPorts {
  readonly source: DataSource;
  readonly jetstream: JetStreamClient;
}

/** The log did not acknowledge all events of some organisations. Those of the others are there. */
export class NotAcknowledged extends Error {
  override readonly name = 'NotAcknowledged';

  constructor(
    readonly orgIds: readonly string[],
    options: ErrorOptions,
  ) {
    super(`The log did not acknowledge events of ${orgIds.length} organisations: publish them again.`, options);
  }
}

/**
 * Brings to the log what of these is not known to be there, and remembers it. Killed in between, it is published again
 * later as the very same event, which every consumer knows by its id.
 * @throws NotAcknowledged
 */
export async function publishStored({ source, jetstream }: LogPorts, stored: readonly StoredEvent[]): Promise<void> {
  const missing = stored.filter(({ event }) => event !== null);
  if (missing.length === 0) return;
  const refused = new Map<string, unknown>();
  const publish = async (orgId: string) => {
    const json = missing.flatMap(({ event, ...one }) => (event !== null && one.orgId === orgId ? [event] : []));
    // Two of a batch may be the same.
    const published = publishEvents(jetstream, usageSubject(orgId), [...new Set(json)]);
    await published.catch((error: unknown) => refused.set(orgId, error));
  };
  await Promise.all([...new Set(missing.map(({ orgId }) => orgId))].map(publish));
  const published = missing.filter(({ orgId }) => !refused.has(orgId));
  if (published.length > 0) await markPublished(source, published);
  const [cause] = refused.values();
  if (refused.size > 0) throw new NotAcknowledged([...refused.keys()], { cause });
}
