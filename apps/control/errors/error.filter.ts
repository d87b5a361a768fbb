import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiError } from './api-error.js';
import { asApiError } from './as-api-error.js';

/** Writes every error in the one shape. A failure of ours is logged with its cause, which the caller does not see. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  readonly #log = new Logger('Errors');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const error = asApiError(thrown);
    if (error.status >= 500) this.#report(error, request);
    if (error.status === 401) reply.header('www-authenticate', 'Bearer');
    if (error.retryAfterSeconds !== undefined) reply.header('retry-after', error.retryAfterSeconds);
    reply.status(error.status).type('application/json').send(error.body(request.id));
  }

  #report(error: ApiError, request: FastifyRequest): void {
    const { status, code, message, cause } = error;
    const fields = {
      requestId: request.id,
      route: `${request.method} ${request.routeOptions.url ?? ''}`,
      status,
      code,
    };
    // What is away is reported by its owner; what nobody foresaw is reported here, with its stack.
    if (status === 503) this.#log.warn(message, fields);
    else this.#log.error(message, cause ?? error, fields);
  }
}
