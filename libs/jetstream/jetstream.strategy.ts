import type { NatsConnection } from '@nats-io/transport-node';
import { Server } from '@nestjs/microservices';
import type { CustomTransportStrategy, MessageHandler } from '@nestjs/microservices';
import { lastValueFrom } from 'rxjs';
import { AnswerLoop } from './answer.js';
import type { Contract } from './answer.js';
import { ConsumeLoop } from './consume.js';
import type { ConsumerOptions, Rejection } from './handlers.js';
import { JETSTREAM_TRANSPORT } from './handlers.js';

/** What `@ConsumesEvents` and `@Answers` leave in a Nest handler's extras. */
interface Extras {
  readonly consumes?: ConsumerOptions;
  readonly answers?: Contract;
}

/** Nest's transport over NATS: batches of a stream's events, and questions of other apps. It does not own the connection. */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = JETSTREAM_TRANSPORT;
  // The consume loop logs a failed batch and has it delivered again: Nest need not report it too.
  override readonly propagatesEventHandlerErrors = true;
  #loops: { close(): Promise<void> }[] = [];

  constructor(private readonly o: { readonly connection: NatsConnection; readonly app: string }) {
    super();
  }

  listen(callback: () => void): void {
    this.#loops = [...this.messageHandlers].map(([pattern, handler]) => this.#start(pattern, handler));
    callback();
  }

  /** Stops taking events and questions, and waits for the handlers that run. */
  async close(): Promise<void> {
    await Promise.all(this.#loops.splice(0).map((loop) => loop.close()));
  }

  #start(pattern: string, handler: MessageHandler): { close(): Promise<void> } {
    const { consumes, answers } = (handler.extras ?? {}) as Extras;
    const call = async <Result>(data: unknown): Promise<Result> =>
      lastValueFrom<Result>(this.transformToObservable<Result>(handler(data) as Promise<Result>));
    if (consumes !== undefined) {
      if (handler.next !== undefined)
        throw new Error(`Consumer ${pattern} has two handlers: an event would be acknowledged after one.`);
      const loop = new ConsumeLoop(this.o.connection, consumes, (deliveries) => call<readonly Rejection[]>(deliveries));
      loop.start();
      return loop;
    }
    if (answers !== undefined) {
      const loop = new AnswerLoop(this.o.connection, this.o.app, answers, (request) => call(request));
      loop.start();
      return loop;
    }
    throw new Error(
      `The handler of "${pattern}" is neither @ConsumesEvents nor @Answers: this transport knows no other.`,
    );
  }

  override on(): never {
    throw new Error('The JetStream transport emits no events.');
  }

  override unwrap<T>(): T {
    return this.o.connection as T;
  }
}
