import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { type Act, TheAct } from '../audit/act.js';
import { CONTROL_CONFIG, type ControlConfig } from '../control.config.js';
import { findPage } from '../lists/find-page.js';
import { listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { issueKey, type KeyPorts } from './issue-key.js';
import { KeyDirectory } from './key-directory.js';
import { revokeKey } from './revoke-key.js';
import { rotateKey } from './rotate-key.js';
import { issuedKey, newKey, newRotation, rotatedKey, showKey, virtualKey } from './virtual-key.js';
import { VirtualKey } from './virtual-key.entity.js';

const keyPath = organisationPath.extend({ key: identifier });
type KeyPath = z.infer<typeof keyPath>;
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
    recorded: 'itself',
  })
  async issueKey(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newKey }) request: z.infer<typeof newKey>,
    @TheAct() act: Act,
  ): Promise<z.infer<typeof issuedKey>> {
    const { key, secret } = await issueKey(this.#ports, { organisationId: org, ...request }, act);
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

  @Post(':key/rotate')
  @Operation({
    summary: 'Give a key a new secret, which is shown this once. The old one stays valid for a while',
    access: 'organisation',
    answer: rotatedKey,
    refuses: [...badBody, 409],
    recorded: 'itself',
  })
  async rotateKey(
    @Param({ schema: keyPath }) { org, key: id }: KeyPath,
    @Body({ schema: newRotation }) { graceSeconds }: z.infer<typeof newRotation>,
    @TheAct() act: Act,
  ): Promise<z.infer<typeof rotatedKey>> {
    const graceUntil = new Date(Date.now() + graceSeconds * 1000);
    const { key, secret } = await rotateKey(this.#ports, { organisationId: org, id, graceUntil }, act);
    return { ...showKey(key), key: secret, graceUntil: graceUntil.toISOString() };
  }

  @Delete(':key')
  @Operation({
    summary: 'Revoke a key. The relays refuse it at once',
    access: 'organisation',
    answer: virtualKey,
    recorded: 'itself',
  })
  async revokeKey(@Param({ schema: keyPath }) { org, key }: KeyPath, @TheAct() act: Act) {
    return showKey(await revokeKey(this.#ports, { organisationId: org, id: key }, act));
  }

  get #ports(): KeyPorts {
    const { source, directory } = this;
    return { source, directory, pepper: this.config.TOLLGATE_KEY_PEPPER };
  }
}
