import type { RequestErrorCode } from '#contracts/requests/request.js';

/** A request that has no answer. Handlers throw it for expected failures; `ask` throws it on the other side. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
