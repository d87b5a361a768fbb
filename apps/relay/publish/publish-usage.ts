import type { JetStreamClient } from '@nats-io/jetstream';
import { usageSubject } from '#contracts/streams.js';
import { publishEvents } from '#jetstream/publish.js';
import type { PublisherPorts } from './publisher.js';

export function publishUsageOver(jetstream: JetStreamClient): PublisherPorts['publish'] {
  return (orgId, events) => publishEvents(jetstream, usageSubject(orgId), events);
}
