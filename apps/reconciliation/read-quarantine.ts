import type { NatsConnection } from '@nats-io/transport-node';
import { quarantined, quarantineSubject } from '#contracts/quarantine.js';
import { streams } from '#contracts/streams.js';
import { lastSequence } from '#jetstream/progress.js';
import type { Extent } from './read-log.js';
import { readStream } from './read-stream.js';

/** The subjects of what is parked of the usage that a run looks at. */
export async function readQuarantine(
  connection: NatsConnection,
  { usageSequence, orgId }: Extent,
): Promise<Set<string>> {
  const stream = streams.quarantine.name;
  const subjects = new Set<string>();
  const part = { stream, subject: 'quarantine.v1.>', last: await lastSequence(connection, stream) };
  for await (const message of readStream(connection, part)) {
    const item = quarantined.parse(message.json());
    const isLooked = item.stream === streams.usage.name && item.position.sequence <= usageSequence;
    if (isLooked && (orgId === undefined || item.org === orgId)) subjects.add(quarantineSubject(item));
  }
  return subjects;
}
