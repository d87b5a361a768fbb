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
import { listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { chosenId, displayName, type OrganisationPath, organisationPath } from './fields.js';
import { Project } from './project.entity.js';

const project = z
  .object({ id: identifier, organisationId: identifier, teamId: identifier, name: z.string(), createdAt: instant })
  .meta({ id: 'Project' });
const newProject = z.strictObject({ id: chosenId, teamId: identifier, name: displayName }).meta({ id: 'NewProject' });
const projectsQuery = pageQuery.extend({ teamId: identifier.exactOptional() });

const show = ({ id, organisationId, teamId, name, createdAt }: Project): z.infer<typeof project> => ({
  id,
  organisationId,
  teamId,
  name,
  createdAt: createdAt.toISOString(),
});

@ApiTags('organisations')
@Controller('v1/organisations/:org/projects')
export class ProjectsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Post()
  @Operation({
    summary: 'Create a project of a team',
    access: 'organisation',
    status: 201,
    answer: project,
    refuses: [...badBody, 409],
    recorded: 'itself',
  })
  createProject(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newProject }) { id = uuidv7(), teamId, name }: z.infer<typeof newProject>,
    @TheAct() act: Act,
  ) {
    const row = { organisationId: org, id, teamId, name };
    const refusals = {
      project_pkey: () => new ApiError(409, 'id_taken', `There is a project "${id}" already.`, { param: 'id' }),
      project_team: () =>
        new ApiError(400, 'team_unknown', `This organisation has no team "${teamId}".`, { param: 'teamId' }),
    };
    return this.source.transaction(async (db) => {
      const after = show(await insertRow(db.getRepository(Project), row, refusals));
      await recordChange(db, act, { organisationId: org, target: { project: id }, after });
      return after;
    });
  }

  @Get()
  @Operation({ summary: 'List projects', access: 'organisation', answer: listOf(project), refuses: [400] })
  listProjects(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: projectsQuery }) { teamId, ...page }: z.infer<typeof projectsQuery>,
  ) {
    const where = { organisationId: org, ...(teamId === undefined ? {} : { teamId }) };
    return findPage(this.source.getRepository(Project), where, page, show);
  }
}
