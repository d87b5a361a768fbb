import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { getRun, listRuns, type ReconciliationRun, runReconciliation } from '#contracts/requests/reconciliation.js';
import { ask, RequestFailure } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { type Caller, inView, maySee, TheCaller } from '../access/caller.js';
import { notFound } from '../errors/api-error.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { showRun, shownRun } from './shown-run.js';

/** How long the comparison itself may take, after the pipeline has settled. */
const comparisonMs = 60_000;

const organisationId = identifier
  .exactOptional()
  .describe("Left out: every organisation; with an organisation's token, its own.");
const newRun = z
  .strictObject({
    organisationId,
    waitSeconds: z.number().int().min(0).max(120).default(30).describe('How long the pipeline may take to settle.'),
  })
  .meta({ id: 'NewReconciliationRun' });
const runsQuery = pageQuery.extend({ organisationId, format });
const runPath = z.object({ run: identifier });

const csv = [
  ...['id', 'organisationId', 'startedAt', 'finishedAt', 'cut.usageSequence', 'status'],
  ...['accepted', 'charged', 'suspended', 'quarantined', 'voided'].map((status) => `counts.${status}`),
  ...['cells', 'grossErrorPpm', 'breakCount'],
];

@ApiTags('reconciliation')
@Controller('v1/reconciliation/runs')
export class ReconciliationController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Post()
  @Operation({
    summary: 'Compare log, ledger, ClickHouse and a recomputation, now',
    access: 'any-token',
    status: 201,
    answer: shownRun,
    refuses: [...badBody, 404],
  })
  async runReconciliation(
    @Body({ schema: newRun }) { organisationId, waitSeconds }: z.infer<typeof newRun>,
    @TheCaller() caller: Caller,
  ) {
    const waitMs = waitSeconds * 1000;
    const question = { ...inView(caller, organisationId), waitMs };
    return showRun(await ask(this.nats, runReconciliation, question, { timeoutMs: waitMs + comparisonMs }));
  }

  @Get()
  @Operation({
    summary: 'List reconciliation runs',
    access: 'any-token',
    answer: listOf(shownRun),
    refuses: [400, 404],
    csv,
  })
  async listReconciliationRuns(
    @Query({ schema: runsQuery }) { organisationId, format: _, ...page }: z.infer<typeof runsQuery>,
    @TheCaller() caller: Caller,
  ) {
    const { items, next } = await ask(this.nats, listRuns, { ...inView(caller, organisationId), ...page });
    return list(items.map(showRun), next);
  }

  @Get(':run')
  @Operation({ summary: 'Show a reconciliation run', access: 'any-token', answer: shownRun, refuses: [400, 404] })
  async getReconciliationRun(
    @Param({ schema: runPath }) { run: id }: z.infer<typeof runPath>,
    @TheCaller() caller: Caller,
  ) {
    const run = await this.#find(id);
    if (run === undefined || !maySee(caller, run.orgId)) throw notFound('reconciliation run', id);
    return showRun(run);
  }

  async #find(id: string): Promise<ReconciliationRun | undefined> {
    try {
      return await ask(this.nats, getRun, { id });
    } catch (error) {
      if (error instanceof RequestFailure && error.code === 'not_found') return undefined;
      throw error;
    }
  }
}
