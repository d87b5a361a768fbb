import { HttpException } from '@nestjs/common';
import type { RequestErrorCode } from '#contracts/requests/request.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { ApiError, type ErrorStatus, isErrorStatus } from './api-error.js';

/** Long enough for a restarting app or engine to come back, short enough not to be noticed. */
const retryAfterSeconds = 2;

const statusOf: Record<RequestErrorCode, ErrorStatus> = {
  invalid: 400,
  not_found: 404,
  conflict: 409,
  unavailable: 503,
  internal: 500,
};

/** What a thrown thing means to the caller. What nobody foresaw is a 500 that tells nothing of our insides. */
export function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof RequestFailure && thrown.code !== 'internal') {
    const details = { cause: thrown, ...(thrown.code === 'unavailable' ? { retryAfterSeconds } : {}) };
    return new ApiError(statusOf[thrown.code], thrown.code, thrown.message, details);
  }
  if (thrown instanceof HttpException && isErrorStatus(thrown.getStatus())) return asRefusal(thrown);
  if (isPassing(thrown)) {
    return new ApiError(503, 'unavailable', 'The database cannot be reached at the moment. Try again.', {
      cause: thrown,
      retryAfterSeconds,
    });
  }
  return new ApiError(500, 'internal', 'Something went wrong here, not with your request. It has been logged.', {
    cause: thrown,
  });
}

/** Refusals of the HTTP server, before any handler: unknown routes, unreadable bodies, limits. */
function asRefusal(refusal: HttpException): ApiError {
  const status = refusal.getStatus() as ErrorStatus;
  const sentences: Partial<Record<ErrorStatus, [code: string, message: string]>> = {
    404: ['route_not_found', `${refusal.message}. See /docs for what there is.`],
    413: ['body_too_large', 'The body is larger than this API takes.'],
    415: ['content_type_unsupported', 'Send the body as JSON, uncompressed, with "content-type: application/json".'],
  };
  const [code, message] = sentences[status] ?? ['request_invalid', `${refusal.message}.`];
  return new ApiError(status, code, message, { cause: refusal });
}
