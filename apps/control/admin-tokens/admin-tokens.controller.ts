import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { hashKey } from '#config/key-hash.js';
import { identifier } from '#contracts/cloud-event.js';
import { credential, expiry, showCredential } from '../access/credential.js';
import { last4, newSecret } from '../access/new-secret.js';
import { type Act, TheAct } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { ApiError, notFound } from '../errors/api-error.js';
import { findPage } from '../lists/find-page.js';
import { insertRow } from '../lists/insert-row.js';
import { listOf, type PageQuery, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { displayName } from '../organisations/fields.js';
import { AdminToken } from './admin-token.entity.js';

const adminToken = z
  .object({
    id: identifier,
    organisationId: identifier.exactOptional().describe("Absent: the token is the platform's, and sees everything."),
    name: z.string(),
    ...credential.shape,
  })
  .meta({ id: 'AdminToken' });
const issuedAdminToken = adminToken
  .extend({ token: z.string().describe('The token itself. It is shown this once and stored nowhere.') })
  .meta({ id: 'IssuedAdminToken' });
const newAdminToken = z
  .strictObject({
    organisationId: identifier
      .exactOptional()
      .describe("The one organisation that the token sees. Left out: the platform's own, which sees everything."),
    name: displayName,
    expiresAt: expiry,
  })
  .meta({ id: 'NewAdminToken' });
const tokenPath = z.object({ token: identifier });

function show(token: AdminToken): z.infer<typeof adminToken> {
  const { id, organisationId, name } = token;
  return { id, ...(organisationId === null ? {} : { organisationId }), name, ...showCredential(token) };
}

@ApiTags('admin tokens')
@Controller('v1/admin-tokens')
export class AdminTokensController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(CONTROL_CONFIG) private readonly config: ControlConfig,
  ) {}

  @Post()
  @Operation({
    summary: 'Create an admin token. It is shown this once',
    access: 'platform',
    status: 201,
    answer: issuedAdminToken,
    refuses: badBody,
    recorded: 'itself',
  })
  async createAdminToken(
    @Body({ schema: newAdminToken }) { organisationId, name, expiresAt }: z.infer<typeof newAdminToken>,
    @TheAct() act: Act,
  ): Promise<z.infer<typeof issuedAdminToken>> {
    const token = newSecret('tga');
    const row = {
      id: uuidv7(),
      organisationId: organisationId ?? null,
      name,
      hash: hashKey(token, this.config.TOLLGATE_KEY_PEPPER),
      last4: last4(token),
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
      revokedAt: null,
    };
    const refusals = {
      admin_token_organisation: () =>
        new ApiError(400, 'organisation_unknown', `There is no organisation "${organisationId ?? ''}".`, {
          param: 'organisationId',
        }),
    };
    const after = await this.source.transaction(async (db) => {
      const shown = show(await insertRow(db.getRepository(AdminToken), row, refusals));
      await recordChange(db, act, { organisationId, target: { token: row.id }, after: shown });
      return shown;
    });
    return { ...after, token };
  }

  @Get()
  @Operation({ summary: 'List admin tokens', access: 'platform', answer: listOf(adminToken), refuses: [400] })
  listAdminTokens(@Query({ schema: pageQuery }) page: PageQuery) {
    return findPage(this.source.getRepository(AdminToken), {}, page, show);
  }

  @Delete(':token')
  @Operation({
    summary: 'Revoke an admin token',
    access: 'platform',
    answer: adminToken,
    refuses: [404],
    recorded: 'itself',
  })
  revokeAdminToken(@Param({ schema: tokenPath }) { token: id }: z.infer<typeof tokenPath>, @TheAct() act: Act) {
    return this.source.transaction(async (db) => {
      const tokens = db.getRepository(AdminToken);
      const token = await tokens.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
      if (token === null) throw notFound('admin token', id);
      const before = show(token);
      if (token.revokedAt !== null) return before;
      token.revokedAt = new Date();
      await tokens.update({ id }, { revokedAt: token.revokedAt });
      const organisationId = token.organisationId ?? undefined;
      await recordChange(db, act, { organisationId, target: { token: id }, before, after: show(token) });
      return show(token);
    });
  }
}
