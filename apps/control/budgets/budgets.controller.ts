import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { archiveBudget, createBudget, getBudget, listBudgets, reviseBudget } from '#contracts/requests/budgets.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { newBudget, newRevision, show, shownBudget } from './fields.js';
import { requireScope } from './require-scope.js';

const budgetPath = organisationPath.extend({ budget: identifier });
type BudgetPath = z.infer<typeof budgetPath>;
const budgetsQuery = pageQuery.extend({ format });

const budgetColumns = [
  ...['organisationId', 'id', 'scope', 'scopeId', 'currency', 'period', 'timeZone', 'amount', 'enforcement'],
  ...['current.start', 'current.end', 'current.spent', 'current.held', 'current.remaining', 'revision', 'archived'],
];

@ApiTags('budgets')
@Controller('v1/organisations/:org/budgets')
export class BudgetsController {
  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Post()
  @Operation({
    summary: 'Limit what an organisation, team, project or key may spend per calendar period',
    access: 'organisation',
    status: 201,
    answer: shownBudget,
    refuses: [...badBody, 409],
  })
  async createBudget(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newBudget }) { id = uuidv7(), scope, scopeId = org, ...budget }: z.infer<typeof newBudget>,
  ) {
    if (scope !== 'organisation') await requireScope(this.source, { organisationId: org, scope, id: scopeId });
    return show(await ask(this.nats, createBudget, { orgId: org, id, scope, scopeId, ...budget }));
  }

  @Get()
  @Operation({
    summary: 'The budgets, with what is spent, held by leases and left of the running period',
    access: 'organisation',
    answer: listOf(shownBudget),
    refuses: [400],
    csv: budgetColumns,
  })
  async listBudgets(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: budgetsQuery }) { format: _, ...page }: z.infer<typeof budgetsQuery>,
  ) {
    const { items, next } = await ask(this.nats, listBudgets, { orgId: org, ...page });
    return list(items.map(show), next);
  }

  @Get(':budget')
  @Operation({ summary: 'Show a budget', access: 'organisation', answer: shownBudget })
  async getBudget(@Param({ schema: budgetPath }) { org, budget }: BudgetPath) {
    return show(await ask(this.nats, getBudget, { orgId: org, id: budget }));
  }

  @Post(':budget/revisions')
  @Operation({
    summary: 'Change a budget from now on, the running period included. What was before stays on record',
    access: 'organisation',
    status: 201,
    answer: shownBudget,
    refuses: [...badBody, 409],
  })
  async reviseBudget(
    @Param({ schema: budgetPath }) { org, budget }: BudgetPath,
    @Body({ schema: newRevision }) change: z.infer<typeof newRevision>,
  ) {
    return show(await ask(this.nats, reviseBudget, { orgId: org, id: budget, requestId: uuidv7(), change }));
  }

  @Delete(':budget')
  @Operation({
    summary: 'Archive a budget: it limits and counts no more, and stays to be read',
    access: 'organisation',
    answer: shownBudget,
  })
  async archiveBudget(@Param({ schema: budgetPath }) { org, budget }: BudgetPath) {
    return show(await ask(this.nats, archiveBudget, { orgId: org, id: budget }));
  }
}
