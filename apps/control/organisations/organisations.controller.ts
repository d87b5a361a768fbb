import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { identifier, instant } from '#contracts/cloud-event.js';
import { type Caller, TheCaller } from '../access/caller.js';
import { type Act, TheAct } from '../audit/act.js';
import { recordChange } from '../audit/record-change.js';
import { ApiError } from '../errors/api-error.js';
import { findPage } from '../lists/find-page.js';
import { insertRow } from '../lists/insert-row.js';
import { type List, listOf, type PageQuery, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { chosenId, displayName, type OrganisationPath, organisationPath } from './fields.js';
import { Organisation } from './organisation.entity.js';

const organisation = z.object({ id: identifier, name: z.string(), createdAt: instant }).meta({ id: 'Organisation' });
const newOrganisation = z.strictObject({ id: chosenId, name: displayName }).meta({ id: 'NewOrganisation' });

const show = ({ id, name, createdAt }: Organisation): z.infer<typeof organisation> => ({
  id,
  name,
  createdAt: createdAt.toISOString(),
});

@ApiTags('organisations')
@Controller('v1/organisations')
export class OrganisationsController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Post()
  @Operation({
    summary: 'Create an organisation',
    access: 'platform',
    status: 201,
    answer: organisation,
    refuses: [...badBody, 409],
    recorded: 'itself',
  })
  createOrganisation(
    @Body({ schema: newOrganisation }) { id = uuidv7(), name }: z.infer<typeof newOrganisation>,
    @TheAct() act: Act,
  ) {
    const refusals = {
      organisation_pkey: () =>
        new ApiError(409, 'id_taken', `There is an organisation "${id}" already.`, { param: 'id' }),
    };
    return this.source.transaction(async (db) => {
      const after = show(await insertRow(db.getRepository(Organisation), { id, name }, refusals));
      await recordChange(db, act, { organisationId: id, target: {}, after });
      return after;
    });
  }

  @Get()
  @Operation({
    summary: 'List organisations',
    access: 'any-token',
    answer: listOf(organisation),
    refuses: [400],
  })
  async listOrganisations(
    @Query({ schema: pageQuery }) page: PageQuery,
    @TheCaller() caller: Caller,
  ): Promise<List<z.infer<typeof organisation>>> {
    const where = caller.scope === 'organisation' ? { id: caller.organisationId } : {};
    return findPage(this.source.getRepository(Organisation), where, page, show);
  }

  @Get(':org')
  @Operation({ summary: 'Show an organisation', access: 'organisation', answer: organisation })
  async getOrganisation(@Param({ schema: organisationPath }) { org }: OrganisationPath) {
    return show(await this.source.getRepository(Organisation).findOneByOrFail({ id: org }));
  }
}
