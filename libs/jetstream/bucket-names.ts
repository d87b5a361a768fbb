import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';

/**
 * The names that a KV bucket has entries of, removed ones among them, from its stream's own list. A bucket's `keys` watches it,
 * and at nats-server 2.9 that never ends when an entry is replaced as it begins.
 * @param filter of whole tokens, where `*` is any one and `>` at the end the rest.
 */
export async function bucketNames(connection: NatsConnection, bucket: string, filter = '>'): Promise<string[]> {
  const before = `$KV.${bucket}.`;
  const { streams } = await jetstreamManager(connection);
  const { state } = await streams.info(`KV_${bucket}`, { subjects_filter: `${before}${filter}` });
  return Object.keys(state.subjects ?? {}).map((subject) => subject.slice(before.length));
}
