import { DiscardPolicy, RetentionPolicy, StorageType, jetstreamManager, JetStreamApiError } from '@nats-io/jetstream';
import type { ConsumerConfig, JetStreamManager, StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { nanos } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { buckets, streams } from '#contracts/streams.js';

/** Within it a repeated publish is recognised by its message id. Beyond it the event id is what makes effects happen once. */
export const DUPLICATE_WINDOW_MS = 2 * 60_000;

const STREAM_EXISTS_DIFFERENTLY = 10058;
const CONSUMER_EXISTS_DIFFERENTLY = 10148;

/** Creates the streams and KV buckets of the house, or brings them to this form. Several apps may do it at once. */
export async function ensureTopology(nc: NatsConnection, o: { replicas?: number } = {}): Promise<void> {
  const manager = await jetstreamManager(nc);
  const replicas = o.replicas ?? 1;
  for (const stream of Object.values(streams)) {
    await ensureStream(manager, {
      name: stream.name,
      subjects: [...stream.subjects],
      storage: StorageType.File,
      // The log is the source of truth: nothing leaves it by age, size or being read. Alerts alone have their limits below.
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      num_replicas: replicas,
      // A subject of QUARANTINE is the identity of a parked thing: a second message there is refused, the first stays.
      ...(stream === streams.quarantine ? { max_msgs_per_subject: 1, discard_new_per_subject: true } : {}),
      // Not by an operator either, short of removing the stream.
      ...('deniesDelete' in stream ? { deny_delete: true, deny_purge: true } : {}),
      ...('maxAgeMs' in stream
        ? { discard: DiscardPolicy.Old, max_age: nanos(stream.maxAgeMs), max_bytes: stream.maxBytes }
        : {}),
    });
  }
  const kvm = new Kvm(nc);
  for (const bucket of Object.values(buckets)) await kvm.create(bucket, { history: 1, replicas });
}

async function ensureStream(
  manager: JetStreamManager,
  config: Partial<StreamConfig> & { name: string },
): Promise<void> {
  try {
    await manager.streams.add(config);
  } catch (error) {
    if (!isApiError(error, STREAM_EXISTS_DIFFERENTLY)) throw error;
    await manager.streams.update(config.name, config);
  }
}

/** Creates a durable consumer of a stream, or brings it to this form without moving it. */
export async function ensureConsumer(
  nc: NatsConnection,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  const { consumers } = await jetstreamManager(nc, { checkAPI: false });
  try {
    await consumers.add(stream, config);
  } catch (error) {
    if (!isApiError(error, CONSUMER_EXISTS_DIFFERENTLY)) throw error;
    await consumers.update(stream, config.durable_name, config);
  }
}

export function isApiError(error: unknown, code: number): boolean {
  return error instanceof JetStreamApiError && error.code === code;
}
