import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { z } from 'zod';
import { instant } from '#contracts/cloud-event.js';
import { spend, spendDimension } from '#contracts/requests/spend.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { namedSpendRow, nameSpend } from './name-spend.js';

const dimension = spendDimension.options.join('|');

const spendQuery = z
  .strictObject({
    groupBy: z
      .string()
      .regex(
        new RegExp(`^(${dimension})(,(${dimension}))*$`),
        `a list of ${spendDimension.options.join(', ')}, separated by commas`,
      )
      .transform((names) => [...new Set(names.split(','))] as z.infer<typeof spendDimension>[])
      .exactOptional()
      .describe('Such as `team,model`. Left out: one row per currency.'),
    interval: z.enum(['hour', 'day', 'month']).exactOptional().describe('One row per interval (UTC).'),
    from: instant.exactOptional().describe('Inclusive.'),
    to: instant.exactOptional().describe('Exclusive.'),
    format,
  })
  .refine(({ from, to }) => from === undefined || to === undefined || Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be later than `from`',
  });

const csv = [
  ...['start', 'teamId', 'teamName', 'projectId', 'projectName', 'keyId', 'keyName', 'provider', 'model', 'currency'],
  ...['amount', 'cost', 'charged', 'suspended', 'voided', 'inputTokens', 'outputTokens'],
];

@ApiTags('spend')
@Controller('v1/organisations/:org/spend')
export class SpendController {
  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Get()
  @Operation({
    summary: 'Spend by team, project, key, model and provider, over time',
    access: 'organisation',
    answer: listOf(namedSpendRow),
    refuses: [400],
    csv,
  })
  async getSpend(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: spendQuery }) { format: _, ...query }: z.infer<typeof spendQuery>,
  ) {
    const { rows } = await ask(this.nats, spend, { orgId: org, groupBy: [], ...query });
    return list(await nameSpend(this.source, org, rows));
  }
}
