import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { hashKey } from '#config/key-hash.js';
import { bearerToken } from '../access/access.guard.js';
import { Authenticator } from '../access/authenticator.js';
import type { Caller } from '../access/caller.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { ApiError } from '../errors/api-error.js';

/** Who reports usage: with an admin token that of any key in its view, with a virtual key its own and no other. */
export type Reporter = Caller | { readonly scope: 'key'; readonly organisationId: string; readonly keyId: string };

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard of the route that takes events. */
    reporter?: Reporter;
  }
}

export const TheReporter = createParamDecorator((_: unknown, context: ExecutionContext): Reporter => {
  const { reporter } = context.switchToHttp().getRequest<FastifyRequest>();
  if (reporter === undefined) throw new Error('Only a route behind the reporter guard has a reporter.');
  return reporter;
});

/** Lets through who may report usage. */
@Injectable()
export class ReporterGuard implements CanActivate {
  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(CONTROL_CONFIG) private readonly config: ControlConfig,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerToken(request);
    const reporter =
      token === undefined ? undefined : ((await this.authenticator.callerOf(token)) ?? (await this.#keyOf(token)));
    if (reporter === undefined) {
      const what = 'Send "authorization: Bearer <token>" with an admin token or a virtual key that is valid.';
      throw new ApiError(401, 'unauthenticated', what);
    }
    request.reporter = reporter;
    return true;
  }

  async #keyOf(token: string): Promise<Reporter | undefined> {
    const [key] = await this.source.query<{ organisationId: string; keyId: string }[]>(
      `SELECT organisation_id "organisationId", id "keyId"
         FROM virtual_key key
        WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
          AND (hash = $1 OR (organisation_id, id) IN (
                SELECT organisation_id, key_id FROM retired_secret WHERE hash = $1 AND valid_until > now()))`,
      [hashKey(token, this.config.TOLLGATE_KEY_PEPPER)],
    );
    return key && { scope: 'key', ...key };
  }
}
