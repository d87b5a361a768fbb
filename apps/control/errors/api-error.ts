import { z } from 'zod';

/** HTTP status → the kind of error, named as the model providers' APIs name them. */
const types = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  405: 'invalid_request_error',
  408: 'timeout_error',
  409: 'conflict_error',
  413: 'request_too_large',
  414: 'request_too_large',
  415: 'invalid_request_error',
  431: 'request_too_large',
  500: 'api_error',
  503: 'unavailable_error',
} as const;

export type ErrorStatus = keyof typeof types;

const refusedEvent = z.object({
  index: z.int().describe('Where in the batch, from 0.'),
  code: z.string(),
  message: z.string(),
  param: z.string().exactOptional(),
});
export type RefusedEvent = z.infer<typeof refusedEvent>;

/** The one shape of every error this API answers with. */
export const errorBody = z
  .object({
    error: z.object({
      type: z.enum([...new Set(Object.values(types))]),
      code: z.string().describe('Stable, for programs: such as `not_found` or `idempotency_key_required`.'),
      message: z.string().describe('For people: what happened, to what, and what to do.'),
      param: z.string().optional().describe('The field, parameter or header that is wrong.'),
      events: z.array(refusedEvent).optional().describe('Of a batch of events: what is wrong with which.'),
      request_id: z.string().describe('Also in the header `x-request-id`: name it when you report a problem.'),
    }),
  })
  .meta({ id: 'Error' });
export type ErrorBody = z.infer<typeof errorBody>;

interface Details extends ErrorOptions {
  readonly param?: string | undefined;
  readonly events?: readonly RefusedEvent[];
  readonly retryAfterSeconds?: number;
}

/** An answer that is not the one asked for. Thrown anywhere below a controller, written by the error filter. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly param: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  readonly events: readonly RefusedEvent[] | undefined;

  constructor(
    readonly status: ErrorStatus,
    readonly code: string,
    message: string,
    details: Details = {},
  ) {
    super(message, details);
    this.param = details.param;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.events = details.events;
  }

  body(requestId: string): ErrorBody {
    const { code, message, param } = this;
    const events = this.events === undefined ? {} : { events: [...this.events] };
    const type = types[this.status];
    return {
      error: { type, code, message, ...(param === undefined ? {} : { param }), ...events, request_id: requestId },
    };
  }
}

export const isErrorStatus = (status: number): status is ErrorStatus => status in types;

/** The same words whether a thing is absent or another organisation's: an id must not tell that it exists. */
export function notFound(noun: string, id: string): ApiError {
  return new ApiError(404, 'not_found', `There is no ${noun} "${id.slice(0, 64)}".`);
}
