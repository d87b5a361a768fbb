import { JetStreamApiCodes, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { isApiError } from './topology.js';

/** The sequence of the stream's last message; 0 when it never had one. */
export async function lastSequence(nc: NatsConnection, stream: string): Promise<number> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  return (await manager.streams.info(stream)).state.last_seq;
}

/**
 * The stream sequence up to and with which the consumer has acknowledged everything: every message at or below it is
 * done, of those above it nothing is known. 0 when it acknowledged nothing yet or does not exist yet. It says nothing
 * about a stream that has gaps: compare it with `lastSequence`, taken before.
 */
export async function ackFloor(nc: NatsConnection, stream: string, consumer: string): Promise<number> {
  const manager = await jetstreamManager(nc, { checkAPI: false });
  try {
    const info = await manager.consumers.info(stream, consumer);
    // The floor itself may lag behind; with nothing in flight, all that was delivered is acknowledged.
    return info.num_ack_pending === 0
      ? Math.max(info.ack_floor.stream_seq, info.delivered.stream_seq)
      : info.ack_floor.stream_seq;
  } catch (error) {
    if (isApiError(error, JetStreamApiCodes.ConsumerNotFound)) return 0;
    throw error;
  }
}
