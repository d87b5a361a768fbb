import { type CanActivate, type ExecutionContext, Inject, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { IDENTIFIER } from '#contracts/streams.js';
import { ApiError, notFound } from '../errors/api-error.js';
import { Organisation } from '../organisations/organisation.entity.js';
import { Authenticator } from './authenticator.js';
import { maySee } from './caller.js';

/**
 * everyone: no token. any-token: the handler narrows its answer to what the caller may see. organisation: the
 * platform, and the organisation in the path. platform: the platform alone. signed: no token, but a signature over the
 * body; reporter: an admin token or a virtual key. At these two the route's own guard looks.
 */
export type Access = 'everyone' | 'signed' | 'reporter' | 'any-token' | 'organisation' | 'platform';

const ACCESS = 'control.access';

/** Who may call a route. Left out: the platform alone, so that a route cannot be opened by forgetting. */
export const AllowAccess = (access: Access) => SetMetadata(ACCESS, access);

const bearer = /^Bearer ([\x21-\x7e]{1,512})$/i;

export const bearerToken = ({ headers }: Pick<FastifyRequest, 'headers'>): string | undefined =>
  bearer.exec(headers.authorization ?? '')?.[1];

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<Access | undefined>(ACCESS, targets) ?? 'platform';
    if (access === 'everyone' || access === 'signed' || access === 'reporter') return true;

    const request = context.switchToHttp().getRequest<FastifyRequest<{ Params: { org?: string } }>>();
    const token = bearerToken(request);
    const caller = token === undefined ? undefined : await this.authenticator.callerOf(token);
    if (caller === undefined) {
      throw new ApiError(401, 'unauthenticated', 'Send "authorization: Bearer <admin token>" with a valid token.');
    }
    request.caller = caller;

    // Before anything else about the route: another organisation's id answers as one that does not exist.
    const { org } = request.params;
    if (org !== undefined && !(maySee(caller, org) && (await this.#exists(org)))) throw notFound('organisation', org);
    if (access === 'platform' && caller.scope !== 'platform') {
      throw new ApiError(403, 'platform_only', "This takes a token of the platform: an organisation's token may not.");
    }
    return true;
  }

  async #exists(org: string): Promise<boolean> {
    return IDENTIFIER.test(org) && (await this.source.getRepository(Organisation).existsBy({ id: org }));
  }
}
