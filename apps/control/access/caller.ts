import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { notFound } from '../errors/api-error.js';

/** Who calls: the platform's operator, or one organisation, which sees nothing but itself. */
export type Caller = (
  { readonly scope: 'platform' } | { readonly scope: 'organisation'; readonly organisationId: string }
) & {
  /** The admin token's. Absent: the configured one. */
  readonly tokenId?: string;
};

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the access guard. Absent on the routes that are open to everyone. */
    caller?: Caller;
  }
}

export const TheCaller = createParamDecorator((_: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<FastifyRequest>();
  if (caller === undefined) throw new Error('A route that is open to everyone has no caller.');
  return caller;
});

export function maySee(caller: Caller, organisationId: string | undefined): boolean {
  return caller.scope === 'platform' || caller.organisationId === organisationId;
}

/**
 * What a question to another app is about: the organisation asked for, or the caller's own, or all of them.
 * @throws not_found when the caller may not see the one asked for.
 */
export function inView(caller: Caller, asked: string | undefined): { orgId?: string } {
  if (asked !== undefined && !maySee(caller, asked)) throw notFound('organisation', asked);
  const orgId = asked ?? (caller.scope === 'organisation' ? caller.organisationId : undefined);
  return orgId === undefined ? {} : { orgId };
}
