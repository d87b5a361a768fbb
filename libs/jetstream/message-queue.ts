import type { JsMsg } from '@nats-io/jetstream';
import type { AnyEvent, ConsumerOptions, Delivered } from './handlers.js';
import { readMessage } from './read-batch.js';
import type { ParkedDelivery, ReadMessage } from './read-batch.js';

/** What a handler gets in one call, and the messages that are acknowledged with it. */
export interface Batch {
  readonly messages: readonly JsMsg[];
  readonly deliveries: readonly Delivered<AnyEvent>[];
  readonly parked: readonly ParkedDelivery[];
}

/** Messages that were fetched and wait for the handler, in log order. The broker bounds it: see MAX_ACK_PENDING. */
export class MessageQueue {
  #waiting: JsMsg[] = [];
  #handled: readonly JsMsg[] = [];
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(private readonly options: ConsumerOptions) {}

  push(message: JsMsg): void {
    this.#waiting.push(message);
    this.#wake();
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Forgets what waits, and returns it. */
  clear(): JsMsg[] {
    return this.#waiting.splice(0);
  }

  /** All that this worker holds: its acknowledgement deadline has to be extended. */
  held(): readonly JsMsg[] {
    return [...this.#handled, ...this.#waiting];
  }

  /** The batch handed out last is done. */
  release(): void {
    this.#handled = [];
  }

  /** Waits for a message, then at most `maxWaitMs` for more, up to `maxEvents`. Undefined when the queue was closed. */
  async next(o: { oneMessage: boolean }): Promise<Batch | undefined> {
    while (this.#waiting.length === 0 && !this.#closed) await this.#arrival();
    const deadline = Date.now() + (o.oneMessage ? 0 : this.options.maxWaitMs);
    const messages: JsMsg[] = [];
    const deliveries: Delivered<AnyEvent>[] = [];
    const parked: ParkedDelivery[] = [];
    this.#handled = messages;
    while (!this.#closed) {
      const message = this.#waiting.shift();
      if (message === undefined) {
        const leftMs = deadline - Date.now();
        if (leftMs <= 0) break;
        await this.#arrival(leftMs);
        continue;
      }
      const read: ReadMessage<AnyEvent> = readMessage(this.options.stream, message);
      if (messages.length > 0 && deliveries.length + read.deliveries.length > this.options.maxEvents) {
        this.#waiting.unshift(message);
        break;
      }
      messages.push(message);
      deliveries.push(...read.deliveries);
      parked.push(...read.parked);
      if (o.oneMessage || deliveries.length >= this.options.maxEvents) break;
    }
    if (this.#closed) this.#waiting.unshift(...messages);
    return this.#closed ? undefined : { messages, deliveries, parked };
  }

  async #arrival(withinMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (withinMs !== undefined) timer = setTimeout(resolve, withinMs);
    });
    clearTimeout(timer);
  }
}
