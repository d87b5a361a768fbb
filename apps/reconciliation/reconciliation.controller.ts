import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import type { z } from 'zod';
import { getRun, listRuns, type ReconciliationRun, runReconciliation } from '#contracts/requests/reconciliation.js';
import { Answers } from '#jetstream/handlers.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { readRun, readRuns } from './read-runs.js';
import { reconcileUsage } from './reconcile-usage.js';
import { storeRun } from './store-run.js';

/** A run reads the whole log: more at once would only make each of them later. */
const MAX_RUNS_AT_ONCE = 4;

@Controller()
export class ReconciliationController {
  #running = 0;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Answers(runReconciliation)
  async run(request: z.infer<typeof runReconciliation.request>): Promise<ReconciliationRun> {
    if (this.#running >= MAX_RUNS_AT_ONCE) {
      throw new RequestFailure('unavailable', `${MAX_RUNS_AT_ONCE} reconciliations are running: try again later.`);
    }
    this.#running += 1;
    try {
      const room = { connection: this.connection, now: () => new Date(), newId: uuidv7 };
      const run = await reconcileUsage(room, request);
      await stored(storeRun(this.source, run));
      return run;
    } finally {
      this.#running -= 1;
    }
  }

  @Answers(listRuns)
  list(request: z.infer<typeof listRuns.request>): Promise<z.infer<typeof listRuns.reply>> {
    return stored(readRuns(this.source, request));
  }

  @Answers(getRun)
  async get({ id }: z.infer<typeof getRun.request>): Promise<ReconciliationRun> {
    const run = await stored(readRun(this.source, id));
    if (run === undefined) throw new RequestFailure('not_found', `There is no reconciliation run ${id}.`);
    return run;
  }
}

/** An outage passes: whoever asked is told to ask again. A run that could not be stored is not kept. */
async function stored<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (isPassing(error)) {
      throw new RequestFailure('unavailable', 'Reconciliation cannot reach its database: try again.', { cause: error });
    }
    throw error;
  }
}
