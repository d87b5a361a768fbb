import { Body, Controller, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { policy as policyOfAnyLevel, type Policy } from '#contracts/directory.js';
import type { Access } from '../access/access.guard.js';
import { type Act, TheAct } from '../audit/act.js';
import { KeyDirectory } from '../keys/key-directory.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { type PolicyScope, readPolicy } from './policy-scope.js';
import { setPolicy } from './set-policy.js';

const policy = policyOfAnyLevel.meta({ id: 'Policy' });
const teamPath = organisationPath.extend({ team: identifier });
const projectPath = organisationPath.extend({ project: identifier });
const keyPath = organisationPath.extend({ key: identifier });

const Shows = (whose: string) =>
  Operation({ summary: `The policy of ${whose}. Empty: it forbids nothing`, access: 'organisation', answer: policy });
const Replaces = (whose: string, access: Access) =>
  Operation({
    summary: `Replace the policy of ${whose}. The relays follow it at once`,
    access,
    answer: policy,
    refuses: [...badBody, 404],
    recorded: 'itself',
  });

@ApiTags('policies')
@Controller('v1/organisations/:org')
export class PoliciesController {
  constructor(
    @Inject(DataSource) private readonly source: DataSource,
    @Inject(KeyDirectory) private readonly directory: KeyDirectory,
  ) {}

  @Get('policy')
  @Shows('an organisation')
  getOrganisationPolicy(@Param({ schema: organisationPath }) { org }: OrganisationPath) {
    return readPolicy(this.source.manager, { level: 'organisation', organisationId: org, id: org });
  }

  /** The platform's alone: it bounds what an organisation may do, also to the platform's upstreams. */
  @Put('policy')
  @Replaces('an organisation', 'platform')
  setOrganisationPolicy(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: policy }) given: Policy,
    @TheAct() act: Act,
  ) {
    return this.#set({ level: 'organisation', organisationId: org, id: org }, given, act);
  }

  @Get('teams/:team/policy')
  @Shows('a team')
  getTeamPolicy(@Param({ schema: teamPath }) { org, team }: z.infer<typeof teamPath>) {
    return readPolicy(this.source.manager, { level: 'team', organisationId: org, id: team });
  }

  @Put('teams/:team/policy')
  @Replaces('a team', 'organisation')
  setTeamPolicy(
    @Param({ schema: teamPath }) { org, team }: z.infer<typeof teamPath>,
    @Body({ schema: policy }) given: Policy,
    @TheAct() act: Act,
  ) {
    return this.#set({ level: 'team', organisationId: org, id: team }, given, act);
  }

  @Get('projects/:project/policy')
  @Shows('a project')
  getProjectPolicy(@Param({ schema: projectPath }) { org, project }: z.infer<typeof projectPath>) {
    return readPolicy(this.source.manager, { level: 'project', organisationId: org, id: project });
  }

  @Put('projects/:project/policy')
  @Replaces('a project', 'organisation')
  setProjectPolicy(
    @Param({ schema: projectPath }) { org, project }: z.infer<typeof projectPath>,
    @Body({ schema: policy }) given: Policy,
    @TheAct() act: Act,
  ) {
    return this.#set({ level: 'project', organisationId: org, id: project }, given, act);
  }

  @Get('keys/:key/policy')
  @Shows('a key')
  getKeyPolicy(@Param({ schema: keyPath }) { org, key }: z.infer<typeof keyPath>) {
    return readPolicy(this.source.manager, { level: 'key', organisationId: org, id: key });
  }

  @Put('keys/:key/policy')
  @Replaces('a key', 'organisation')
  setKeyPolicy(
    @Param({ schema: keyPath }) { org, key }: z.infer<typeof keyPath>,
    @Body({ schema: policy }) given: Policy,
    @TheAct() act: Act,
  ) {
    return this.#set({ level: 'key', organisationId: org, id: key }, given, act);
  }

  async #set(scope: PolicyScope, given: Policy, act: Act): Promise<Policy> {
    const { source, directory } = this;
    await setPolicy({ source, directory }, scope, given, act);
    return given;
  }
}
