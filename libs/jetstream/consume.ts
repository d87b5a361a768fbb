import { AckPolicy, DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { ConsumerMessages, JetStreamClient } from '@nats-io/jetstream';
import { nanos } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { streams } from '#contracts/streams.js';
import { pause } from '#service/pause.js';
import type { AnyEvent, ConsumerOptions, Delivered, Rejection } from './handlers.js';
import { MessageQueue } from './message-queue.js';
import type { Batch } from './message-queue.js';
import { park } from './publish.js';
import type { ParkedDelivery } from './read-batch.js';
import { acceptedAs } from './stream-events.js';
import { ensureConsumer } from './topology.js';

/** A crashed worker's messages come back after this long; a living one says in time that it is still working. */
const ACK_WAIT_MS = 5_000;
const WORKING_INTERVAL_MS = 1_500;
/** Delivered and not yet acknowledged, per consumer. It bounds what a worker holds: at most this × 512 KiB. */
const MAX_ACK_PENDING = 64;
/** Also how long a deleted consumer may go unnoticed. */
const PULL_EXPIRES_MS = 5_000;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;

export type BatchHandler = (deliveries: readonly Delivered<AnyEvent>[]) => Promise<readonly Rejection[]>;

const backoff = (failures: number) => Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** (failures - 1));

/**
 * One worker of a durable pull consumer: reads the log in order, hands it over in batches, one at a time, and
 * acknowledges what was handled. It outlives the broker, the stream and the consumer, and ends only by `close`.
 */
export class ConsumeLoop {
  readonly #js: JetStreamClient;
  readonly #log: Logger;
  readonly #queue: MessageQueue;
  readonly #closing = new AbortController();
  #messages: ConsumerMessages | undefined;
  #running: Promise<void> = Promise.resolve();
  /** Batches that failed since the last that did not. */
  #failures = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly options: ConsumerOptions,
    private readonly handle: BatchHandler,
  ) {
    this.#js = jetstream(connection);
    this.#log = new Logger(`consumer ${options.consumer}`);
    this.#queue = new MessageQueue(options);
  }

  start(): void {
    this.#running = Promise.all([this.#pull(), this.#work()]).then(() => undefined);
  }

  /** Stops fetching, waits for the running handler and its acknowledgements, and gives back what was only fetched. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#messages?.close();
    this.#queue.close();
    await this.#running;
    this.#giveBack();
  }

  /** What was fetched and not begun goes to whoever fetches next: at once, instead of after ACK_WAIT_MS. */
  #giveBack(): void {
    for (const message of this.#queue.clear()) message.nak();
  }

  /** Keeps the queue filled. Whatever ends a pull (consumer deleted, stream missing) leads to a new one. */
  async #pull(): Promise<void> {
    let failures = 0;
    while (!this.#closing.signal.aborted) {
      try {
        this.#messages = await this.#open(() => (failures = 0));
        // `close` may have been called meanwhile, when there was nothing to close yet.
        if (this.#closing.signal.aborted) this.#messages.stop();
        const error = await this.#messages.closed();
        if (error instanceof Error) throw error;
      } catch (error) {
        failures += 1;
        this.#log.warn(`${this.options.consumer} cannot read ${this.#stream}, and tries again: ${String(error)}`);
      }
      this.#giveBack();
      if (failures > 0) await pause(backoff(failures), this.#closing);
    }
  }

  async #open(received: () => void): Promise<ConsumerMessages> {
    await ensureConsumer(this.connection, this.#stream, {
      durable_name: this.options.consumer,
      ack_policy: AckPolicy.Explicit,
      // A new consumer starts at the beginning of the log: starting at "latest" would lose what came before it.
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(ACK_WAIT_MS),
      max_ack_pending: MAX_ACK_PENDING,
      // Unlimited: an event leaves the log's consumers by being handled or parked, never by being tried too often.
      max_deliver: -1,
    });
    const consumer = await this.#js.consumers.get(this.#stream, this.options.consumer);
    return consumer.consume({
      max_messages: MAX_ACK_PENDING,
      expires: PULL_EXPIRES_MS,
      abort_on_missing_resource: true,
      callback: (message) => {
        received();
        this.#queue.push(message);
      },
    });
  }

  async #work(): Promise<void> {
    const working = setInterval(() => this.#queue.held().forEach((message) => message.working()), WORKING_INTERVAL_MS);
    for (;;) {
      // After a failure one message at a time, so that one poisonous message cannot fail the healthy ones around it.
      const batch = await this.#queue.next({ oneMessage: this.#failures > 0 });
      if (batch === undefined) break;
      await this.#handleBatch(batch);
      this.#queue.release();
    }
    clearInterval(working);
  }

  async #handleBatch({ messages, deliveries, parked }: Batch): Promise<void> {
    try {
      const rejections = deliveries.length === 0 ? [] : await this.handle(deliveries);
      await this.#park([...parked, ...rejections.map((rejection) => this.#parked(rejection))]);
      // Plain acks, without waiting for the server's answer: one that gets lost leads to a redelivery, and effects are
      // idempotent anyway. Parking comes first: a crash in between parks twice, never zero times.
      for (const message of messages) message.ack();
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const waitMs = backoff(this.#failures);
      const range = `${messages[0]?.seq} to ${messages.at(-1)?.seq}`;
      this.#log.error(
        `${this.options.consumer} failed on messages ${range} of ${this.#stream} (${deliveries.length} events); they are delivered again in ${waitMs} ms.`,
        error,
      );
      for (const message of messages) message.nak(backoff(message.info.deliveryCount));
      await pause(waitMs, this.#closing);
    }
  }

  async #park(items: readonly ParkedDelivery[]): Promise<void> {
    const parkedAt = new Date().toISOString();
    for (const item of items) {
      await park(this.#js, { ...item, parkedBy: this.options.consumer, parkedAt });
      this.#log.warn(
        `Parked event ${item.eventId ?? '(unreadable)'} of ${item.stream} ${item.position.sequence}/${item.position.index}: ${item.reason.code}.`,
      );
    }
  }

  #parked({ delivered: { event, position }, reason }: Rejection): ParkedDelivery {
    return { reason, stream: this.#stream, position, org: event.org, ...acceptedAs[this.options.stream].parse(event) };
  }

  get #stream(): string {
    return streams[this.options.stream].name;
  }
}
