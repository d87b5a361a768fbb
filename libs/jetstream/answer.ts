import type { Msg, NatsConnection, Subscription } from '@nats-io/transport-node';
import { Logger } from '@nestjs/common';
import { z } from 'zod';
import type { RequestContract, RequestErrorCode } from '#contracts/requests/request.js';
import { RequestFailure } from './request-failure.js';

/** Questions of one contract that a process works on at once; beyond it the asker is told to try again. */
const MAX_ANSWERS_IN_FLIGHT = 64;

export type Contract = RequestContract<z.ZodType, z.ZodType>;
export type RequestHandler = (request: unknown) => Promise<unknown>;

/** Answers one contract until closed. Every question gets a reply: the answer or a request error, never silence. */
export class AnswerLoop {
  readonly #log = new Logger('answers');
  readonly #running = new Set<Promise<void>>();
  #subscription: Subscription | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly app: string,
    private readonly contract: Contract,
    private readonly handle: RequestHandler,
  ) {}

  start(): void {
    this.#subscription = this.connection.subscribe(this.contract.subject, {
      queue: this.app,
      callback: (error, message) => {
        if (error !== null) return this.#log.error(`${this.contract.subject} is not answered any more.`, error);
        const answering = this.#answer(message).finally(() => this.#running.delete(answering));
        this.#running.add(answering);
      },
    });
  }

  /** Takes no new question, and waits for the answers that are being worked out. */
  async close(): Promise<void> {
    if (this.#subscription?.isClosed() === false) await this.#subscription.drain();
    await Promise.all(this.#running);
  }

  async #answer(message: Msg): Promise<void> {
    try {
      this.#reply(message, await this.#work(message));
    } catch (error) {
      const failure =
        error instanceof RequestFailure ? error : new RequestFailure('internal', `${this.contract.subject} failed.`);
      if (failure.code === 'internal') this.#log.error(`${this.contract.subject} failed.`, error);
      this.#reply(message, JSON.stringify(failureBody(failure.code, failure.message)));
    }
  }

  async #work(message: Msg): Promise<string> {
    const { subject, request, reply } = this.contract;
    if (this.#running.size >= MAX_ANSWERS_IN_FLIGHT) {
      throw new RequestFailure('unavailable', `${subject} is busy with ${MAX_ANSWERS_IN_FLIGHT} requests: try again.`);
    }
    const question = request.safeParse(decode(message, subject));
    if (!question.success) throw new RequestFailure('invalid', `${subject}: ${z.prettifyError(question.error)}`);
    const body = JSON.stringify(reply.parse(await this.handle(question.data)));
    const maxBytes = this.connection.info?.max_payload ?? Infinity;
    const bytes = Buffer.byteLength(body);
    // The broker drops the connection of whoever sends more, and the asker would wait in vain.
    if (bytes > maxBytes) {
      throw new RequestFailure(
        'invalid',
        `The answer to ${subject} is ${bytes} bytes, above ${maxBytes}: ask for less, such as a smaller page.`,
      );
    }
    return body;
  }

  #reply(message: Msg, body: string): void {
    if (!this.connection.isClosed()) message.respond(body);
  }
}

function decode(message: Msg, subject: string): unknown {
  try {
    return message.json();
  } catch (error) {
    throw new RequestFailure('invalid', `${subject}: the request is not JSON.`, { cause: error });
  }
}

function failureBody(code: RequestErrorCode, message: string) {
  return { error: { code, message } };
}
