import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { identifier, instant } from '#contracts/cloud-event.js';
import { type Act, TheAct } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { ApiError } from '../errors/api-error.js';
import { findPage } from '../lists/find-page.js';
import { insertRow } from '../lists/insert-row.js';
import { listOf, type PageQuery, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { chosenId, displayName, type OrganisationPath, organisationPath } from './fields.js';
import { Team } from './team.entity.js';

const team = z
  .object({ id: identifier, organisationId: identifier, name: z.string(), createdAt: instant })
  .meta({ id: 'Team' });
const newTeam = z.strictObject({ id: chosenId, name: displayName }).meta({ id: 'NewTeam' });

const show = ({ id, organisationId, name, createdAt }: Team): z.infer<typeof team> => ({
  id,
  organisationId,
  name,
  createdAt: createdAt.toISOString(),
});

@ApiTags('organisations')
@Controller('v1/organisations/:org/teams')
export class TeamsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Post()
  @Operation({
    summary: 'Create a team',
    access: 'organisation',
    status: 201,
    answer: team,
    refuses: [...badBody, 409],
    recorded: 'itself',
  })
  createTeam(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newTeam }) { id = uuidv7(), name }: z.infer<typeof newTeam>,
    @TheAct() act: Act,
  ) {
    const row = { organisationId: org, id, name };
    const refusals = {
      team_pkey: () => new ApiError(409, 'id_taken', `There is a team "${id}" already.`, { param: 'id' }),
    };
    return this.source.transaction(async (db) => {
      const after = show(await insertRow(db.getRepository(Team), row, refusals));
      await recordChange(db, act, { organisationId: org, target: { team: id }, after });
      return after;
    });
  }

  @Get()
  @Operation({ summary: 'List teams', access: 'organisation', answer: listOf(team), refuses: [400] })
  listTeams(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: pageQuery }) page: PageQuery,
  ) {
    return findPage(this.source.getRepository(Team), { organisationId: org }, page, show);
  }
}
