import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { assignWallet, listAssignments, walletAssignment } from '#contracts/requests/wallets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { ApiError } from '../errors/api-error.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { Project } from '../organisations/project.entity.js';
import { Team } from '../organisations/team.entity.js';
import { show, shownAssignment } from './fields.js';

const assignmentsQuery = pageQuery.extend({ format });
const { orgId: _, ...fields } = walletAssignment.shape;
const newAssignment = z.strictObject(fields).meta({ id: 'NewWalletAssignment' });
const assignmentColumns = ['organisationId', 'currency', 'payer.kind', 'payer.id', 'wallet'];

@ApiTags('wallets')
@Controller('v1/organisations/:org/wallet-assignments')
export class AssignmentsController {
  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Get()
  @Operation({
    summary: 'Whose usage is paid by which wallet, where it is not the default one',
    access: 'organisation',
    answer: listOf(shownAssignment),
    refuses: [400],
    csv: assignmentColumns,
  })
  async listWalletAssignments(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: assignmentsQuery }) { format: _, ...page }: z.infer<typeof assignmentsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listAssignments, { orgId: org, ...page });
    return list(items.map(show), next);
  }

  @Post()
  @Operation({
    summary: 'Let a wallet pay the usage of a team or project from now on; a project comes before its team',
    access: 'organisation',
    status: 201,
    answer: shownAssignment,
    refuses: [...badBody],
  })
  async assignWallet(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newAssignment }) assignment: z.infer<typeof newAssignment>,
  ) {
    const { kind, id } = assignment.payer;
    const payers = this.source.getRepository<Team | Project>(kind === 'team' ? Team : Project);
    if (!(await payers.existsBy({ organisationId: org, id }))) {
      throw new ApiError(400, `${kind}_unknown`, `This organisation has no ${kind} "${id}".`, { param: 'payer.id' });
    }
    return show(await ask(this.nats, assignWallet, { orgId: org, ...assignment }));
  }
}
