import type { IncomingMessage, ServerResponse } from 'node:http';
import { uuidv7 } from 'uuidv7';
import { Refusal } from '#protocols/error-body.js';
import type { JsonLogger } from '#telemetry/log.js';
import type { RateKeeper } from '../admit/rate-keeper.js';
import type { Caller } from '../authenticate/key-directory.js';
import type { AttemptsInFlight } from '../forward/attempts-in-flight.js';
import type { FoundOperation } from '../operations/find-operation.js';
import type { BatchOperationName, Operation } from '../operations/operations.js';
import { sendRefusal } from '../receive/send-refusal.js';
import type { BatchExchange, BatchRooms } from './batch-exchange.js';
import { BatchRequests } from './batch-requests.js';
import { FileRequests } from './file-requests.js';

export interface BatchServing extends BatchRooms {
  readonly authorise: (operation: Operation, request: IncomingMessage) => Caller | Refusal;
  readonly inFlight: AttemptsInFlight;
  readonly rates: RateKeeper;
  readonly log: JsonLogger;
}

type Answer = (exchange: BatchExchange) => Promise<Refusal | undefined>;

/** The way of a request about files or batches: no model is called, and nothing is metered here. */
export class ServeBatches {
  readonly #answers: Readonly<Record<BatchOperationName, Answer>>;

  constructor(private readonly rooms: BatchServing) {
    const files = new FileRequests(rooms);
    const batches = new BatchRequests(rooms);
    this.#answers = {
      'files.create': (exchange) => files.create(exchange),
      'files.list': (exchange) => files.list(exchange),
      'files.get': (exchange) => files.get(exchange),
      'files.content': (exchange) => files.content(exchange),
      'files.delete': (exchange) => files.remove(exchange),
      'batches.create': (exchange) => batches.create(exchange),
      'batches.list': (exchange) => batches.list(exchange),
      'batches.get': (exchange) => batches.get(exchange),
      'batches.cancel': (exchange) => batches.cancel(exchange),
    };
  }

  async serve(found: FoundOperation, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = uuidv7();
    const refuse = (refusal: Refusal) => sendRefusal(response, found.operation.protocol, refusal, requestId);
    try {
      const refusal = await this.#answer({ requestId, id: found.id ?? '', request, response }, found.operation);
      if (refusal !== undefined) refuse(refusal);
    } catch (error) {
      // It has left while an output was on its way.
      if (request.socket.destroyed) return;
      this.rooms.log.error(`Request ${requestId} about files or batches failed.`, error);
      if (response.headersSent) response.destroy();
      else refuse(FAILED);
    } finally {
      this.rooms.bodies.giveBack(request);
    }
  }

  async #answer(exchange: Omit<BatchExchange, 'caller'>, operation: Operation): Promise<Refusal | undefined> {
    const { authorise, inFlight, rates } = this.rooms;
    const caller = authorise(operation, exchange.request);
    if (caller instanceof Refusal) return caller;
    if (inFlight.closing) return STOPPING;
    // Nothing is generated here, so no token counts.
    const counted = await rates.admit(caller, () => 0);
    if (counted instanceof Refusal) return counted;
    inFlight.begin();
    try {
      // It may have begun to stop while the request was counted.
      if (inFlight.closing) return STOPPING;
      return await this.#answers[operation.name as BatchOperationName]({ ...exchange, caller });
    } finally {
      inFlight.end();
      counted?.end();
    }
  }
}

const STOPPING = new Refusal('unavailable', 'This relay is stopping: try again.');
const FAILED = new Refusal('unavailable', 'The upstream or the relay’s own store did not answer: try again later.');
