import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource, IsNull } from 'typeorm';
import { hashKey } from '#config/key-hash.js';
import { AdminToken } from '../admin-tokens/admin-token.entity.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import type { Caller } from './caller.js';

/** Tells whose an admin token is. Nothing is cached: a revoked token is refused at once. */
@Injectable()
export class Authenticator {
  readonly #platformHash: string;

  constructor(
    @Inject(CONTROL_CONFIG) private readonly config: ControlConfig,
    @Inject(DataSource) private readonly source: DataSource,
  ) {
    this.#platformHash = hashKey(config.TOLLGATE_ADMIN_TOKEN, config.TOLLGATE_KEY_PEPPER);
  }

  async callerOf(token: string): Promise<Caller | undefined> {
    // Only hashes of the whole token are compared. Under the secret pepper, what a comparison or an index lookup takes
    // tells a caller nothing about the hash that is stored.
    const hash = hashKey(token, this.config.TOLLGATE_KEY_PEPPER);
    if (timingSafeEqual(Buffer.from(hash), Buffer.from(this.#platformHash))) return { scope: 'platform' };
    const found = await this.source.getRepository(AdminToken).findOneBy({ hash, revokedAt: IsNull() });
    if (found === null || (found.expiresAt !== null && found.expiresAt.getTime() <= Date.now())) return undefined;
    const { id: tokenId, organisationId } = found;
    return organisationId === null
      ? { scope: 'platform', tokenId }
      : { scope: 'organisation', organisationId, tokenId };
  }
}
