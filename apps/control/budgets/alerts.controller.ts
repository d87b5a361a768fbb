import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { listBudgetAlerts } from '#contracts/requests/budgets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { show, shownAlert } from './fields.js';

const alertsQuery = pageQuery.extend({
  format,
  budgetId: identifier.exactOptional().describe('The alerts of this budget only.'),
});

const alertColumns = [
  ...['organisationId', 'id', 'raisedAt', 'budgetId', 'scope', 'scopeId', 'period.start', 'period.end'],
  ...['threshold', 'currency', 'amount', 'spent'],
];

@ApiTags('budgets')
@Controller('v1/organisations/:org/budget-alerts')
export class AlertsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get()
  @Operation({
    summary: 'The thresholds that budgets have reached, oldest first: each once per period',
    access: 'organisation',
    answer: listOf(shownAlert),
    refuses: [400],
    csv: alertColumns,
  })
  async listBudgetAlerts(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: alertsQuery }) { format: _, ...page }: z.infer<typeof alertsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listBudgetAlerts, { orgId: org, ...page });
    return list(items.map(show), next);
  }
}
