import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '../access/caller.js';

/** Who does what, in which request. */
export interface Act {
  /** The operation's id in the OpenAPI document, such as `issueKey`. */
  readonly action: string;
  readonly requestId: string;
  /** Absent: whoever can sign as a payment provider. */
  readonly caller?: Caller;
}

export function actOf(context: ExecutionContext): Act {
  const { id, caller } = context.switchToHttp().getRequest<FastifyRequest>();
  return { action: context.getHandler().name, requestId: id, ...(caller && { caller }) };
}

/** Of an operation that records its change itself. */
export const TheAct = createParamDecorator((_: unknown, context: ExecutionContext) => actOf(context));
