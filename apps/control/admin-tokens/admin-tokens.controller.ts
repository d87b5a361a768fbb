import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource, IsNull } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { hashKey } from '#config/key-hash.js';
import { identifier } from '#contracts/cloud-event.js';
import { credential, expiry, showCredential } from '../access/credential.js';
import { last4, newSecret } from '../access/new-secret.js';
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
  })
  async createAdminToken(
    @Body({ schema: newAdminToken }) { organisationId, name, expiresAt }: z.infer<typeof newAdminToken>,
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
    return { ...show(await insertRow(this.source.getRepository(AdminToken), row, refusals)), token };
  }

  @Get()
  @Operation({ summary: 'List admin tokens', access: 'platform', answer: listOf(adminToken), refuses: [400] })
  listAdminTokens(@Query({ schema: pageQuery }) page: PageQuery) {
    return findPage(this.source.getRepository(AdminToken), {}, page, show);
  }

  @Delete(':token')
  @Operation({ summary: 'Revoke an admin token', access: 'platform', answer: adminToken, refuses: [404] })
  async revokeAdminToken(@Param({ schema: tokenPath }) { token: id }: z.infer<typeof tokenPath>) {
    const tokens = this.source.getRepository(AdminToken);
    await tokens.update({ id, revokedAt: IsNull() }, { revokedAt: new Date() });
    const token = await tokens.findOneBy({ id });
    if (token === null) throw notFound('admin token', id);
    return show(token);
  }
}
