import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../errors/api-error.js';

const header = 'idempotency-key';
const idempotencyKey = /^[\x21-\x7e]{1,128}$/;

/** The key of a request that moves money. @throws ApiError without one: a repeated request would move it twice. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string => {
  const key = context.switchToHttp().getRequest<FastifyRequest>().headers[header];
  if (typeof key === 'string' && idempotencyKey.test(key)) return key;
  throw new ApiError(
    400,
    'idempotency_key_required',
    `Send a header "${header}" of 1 to 128 visible ASCII characters: the same key again changes nothing.`,
    { param: header },
  );
});

/** Says of a route in the document that it takes an idempotency key. */
export const TakesIdempotencyKey = () =>
  applyDecorators(
    ApiHeader({
      name: header,
      required: true,
      description:
        'Unique for ever. The same key again changes nothing and answers with `repeated: true`; with other content it is a 409.',
      schema: { type: 'string', pattern: idempotencyKey.source },
    }),
  );
