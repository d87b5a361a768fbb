import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { findPage } from '../lists/find-page.js';
import { listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { issueKey } from './issue-key.js';
import { KeyDirectory } from './key-directory.js';
import { revokeKey } from './revoke-key.js';
import { issuedKey, newKey, showKey, virtualKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';

const keyPath = organisationPath.extend({ key: identifier });
const keysQuery = pageQuery.extend({ projectId: identifier.exactOptional() });

@ApiTags('keys')
@Controller('v1/organisations/:org/keys')
export class KeysController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(KeyDirectory) private readonly directory: KeyDirectory,
    @Inject(CONTROL_CONFIG) private readonly config: ControlConfig,
  ) {}

  @Post()
  @Operation({
    summary: 'Issue a key of a project. It is shown this once',
    access: 'organisation',
    status: 201,
    answer: issuedKey,
    refuses: [...badBody, 409],
  })
  async issueKey(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newKey }) request: z.infer<typeof newKey>,
  ): Promise<z.infer<typeof issuedKey>> {
    const { source, directory } = this;
    const ports = { source, directory, pepper: this.config.TOLLGATE_KEY_PEPPER };
    const { key, secret } = await issueKey(ports, { organisationId: org, ...request });
    return { ...showKey(key), key: secret };
  }

  @Get()
  @Operation({ summary: 'List keys', access: 'organisation', answer: listOf(virtualKey), refuses: [400] })
  listKeys(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: keysQuery }) { projectId, ...page }: z.infer<typeof keysQuery>,
  ) {
    const where = { organisationId: org, ...(projectId === undefined ? {} : { projectId }) };
    return findPage(this.source.getRepository(VirtualKey), where, page, showKey);
  }

  @Delete(':key')
  @Operation({ summary: 'Revoke a key. The relays refuse it at once', access: 'organisation', answer: virtualKey })
  async revokeKey(@Param({ schema: keyPath }) { org, key }: z.infer<typeof keyPath>) {
    const { source, directory } = this;
    return showKey(await revokeKey({ source, directory }, org, key));
  }
}
