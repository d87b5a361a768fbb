import { DeliverPolicy, type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type LedgerHead, ledgerHead } from '#contracts/ledger-head.js';
import { headSubject, streams } from '#contracts/streams.js';

const ackTimeoutMs = 5_000;

/** Puts a head where nobody can edit it. Within the duplicate window the same height again is no second message. */
export async function publishHead(client: JetStreamClient, head: LedgerHead): Promise<void> {
  await client.publish(headSubject, JSON.stringify(head), { msgID: String(head.height), timeout: ackTimeoutMs });
}

/** @returns undefined when none was published yet. */
export async function lastPublishedHead(nats: NatsConnection): Promise<LedgerHead | undefined> {
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const message = await manager.streams.getMessage(streams.ledgerHeads.name, { last_by_subj: headSubject });
  return message === null ? undefined : ledgerHead.parse(message.json());
}

/** Every head that was published so far, oldest first. */
export async function* readPublishedHeads(nats: NatsConnection): AsyncGenerator<LedgerHead> {
  const { name } = streams.ledgerHeads;
  const manager = await jetstreamManager(nats, { checkAPI: false });
  const { last_seq: last, messages: count } = (await manager.streams.info(name)).state;
  if (count === 0) return;
  const consumer = await jetstream(nats).consumers.get(name, { deliver_policy: DeliverPolicy.All });
  const messages = await consumer.consume();
  for await (const message of messages) {
    yield ledgerHead.parse(message.json());
    if (message.seq >= last) return messages.stop();
  }
}
