import type { IncomingMessage } from 'node:http';
import { Refusal } from '#protocols/error-body.js';

const RETRY_AFTER_SECONDS = 1;

export const NO_MEMORY = new Refusal(
  'unavailable',
  'The relay holds as many request bodies as it may: try again in a moment.',
  undefined,
  RETRY_AFTER_SECONDS,
);

const HELD = Symbol('bytes held');

/** The count stands on the request: the tables that a Map of requests outgrows would keep them from the garbage collector. */
type Holder = IncomingMessage & { [HELD]?: number };

/**
 * What the bodies of all requests of this process may take together: each has its own bound, but there may be thousands.
 * A body is held from its first byte until its request has ended, because an attempt may fail and be sent again.
 */
export class BodyMemory {
  #freeBytes: number;

  constructor(maxBytes: number) {
    this.#freeBytes = maxBytes;
  }

  has(bytes: number): boolean {
    return bytes <= this.#freeBytes;
  }

  /** @returns false when there is not so much left: nothing is taken then. */
  take(request: Holder, bytes: number): boolean {
    if (!this.has(bytes)) return false;
    this.#freeBytes -= bytes;
    request[HELD] = (request[HELD] ?? 0) + bytes;
    return true;
  }

  /** All that the request holds, if it holds anything. */
  giveBack(request: Holder): void {
    this.#freeBytes += request[HELD] ?? 0;
    request[HELD] = 0;
  }
}
