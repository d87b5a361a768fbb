import { type CanActivate, createParamDecorator, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { hashKey } from '#config/key-hash.js';
import { AddressRanges } from '#policy/address-ranges.js';
import { clientAddress } from '#policy/client-address.js';
import { bearerToken } from '../access/access.guard.js';
import { Authenticator } from '../access/authenticator.js';
import type { Caller } from '../access/caller.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { ApiError } from '../errors/api-error.js';
import { permitReporter, type ReporterLevel } from './permit-reporter.js';

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

interface KeyRow {
  readonly organisationId: string;
  readonly keyId: string;
  /** The nearest first; without a policy it is null. */
  readonly levels: readonly ReporterLevel[];
}

/** Lets through who may report usage. */
@Injectable()
export class ReporterGuard implements CanActivate {
  readonly #proxies: AddressRanges;

  constructor(
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(CONTROL_CONFIG) private readonly config: ControlConfig,
  ) {
    this.#proxies = new AddressRanges(config.TOLLGATE_TRUSTED_PROXIES);
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const token = bearerToken(request);
    const address = clientAddress(request.socket.remoteAddress, request.headers['x-forwarded-for'], this.#proxies);
    const reporter =
      token === undefined
        ? undefined
        : ((await this.authenticator.callerOf(token)) ?? (await this.#keyOf(token, address)));
    if (reporter === undefined) {
      const what = 'Send "authorization: Bearer <token>" with an admin token or a virtual key that is valid.';
      throw new ApiError(401, 'unauthenticated', what);
    }
    request.reporter = reporter;
    return true;
  }

  async #keyOf(token: string, address: string | undefined): Promise<Reporter | undefined> {
    const [key] = await this.source.query<KeyRow[]>(
      `SELECT key.organisation_id "organisationId", key.id "keyId", json_build_array(
                json_build_object('level', 'key', 'id', key.id, 'policy', key.policy),
                json_build_object('level', 'project', 'id', project.id, 'policy', project.policy),
                json_build_object('level', 'team', 'id', team.id, 'policy', team.policy),
                json_build_object('level', 'organisation', 'id', organisation.id, 'policy', organisation.policy)) levels
         FROM virtual_key key
         JOIN project ON project.organisation_id = key.organisation_id AND project.id = key.project_id
         JOIN team ON team.organisation_id = key.organisation_id AND team.id = project.team_id
         JOIN organisation ON organisation.id = key.organisation_id
        WHERE key.revoked_at IS NULL AND (key.expires_at IS NULL OR key.expires_at > now())
          AND (key.hash = $1 OR (key.organisation_id, key.id) IN (
                SELECT organisation_id, key_id FROM retired_secret WHERE hash = $1 AND valid_until > now()))`,
      [hashKey(token, this.config.TOLLGATE_KEY_PEPPER)],
    );
    if (key === undefined) return undefined;
    const { levels, ...reporter } = key;
    permitReporter(
      levels.filter(({ policy }) => policy !== null),
      address,
    );
    return { scope: 'key', ...reporter };
  }
}
