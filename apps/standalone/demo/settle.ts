import { setTimeout as wait } from 'node:timers/promises';
import { reconciliationRun, type ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { callControl, type ControlApi } from './control-api.js';

/** How long one run waits for the pipeline, and how long the pipeline has altogether. */
const runWaitSeconds = 60;
const maxSettleMs = 600_000;
/** The relay puts the last answers' events on the log within this time, unless it lost its broker. */
const maxArrivalMs = 30_000;
const pauseMs = 250;

/**
 * Runs reconciliations until one finds the pipeline at the end of the log, and at least so many events in it.
 * @returns the last run, settled or not.
 */
export async function settle(control: ControlApi, organisationId: string, events: number): Promise<ReconciliationRun> {
  const startedMs = performance.now();
  for (;;) {
    const run = await callControl(control, {
      method: 'POST',
      path: '/v1/reconciliation/runs',
      body: { organisationId, waitSeconds: runWaitSeconds },
      answer: reconciliationRun,
    });
    const passedMs = performance.now() - startedMs;
    const complete = run.counts.accepted >= events || passedMs > maxArrivalMs;
    if ((run.status !== 'unsettled' && complete) || passedMs > maxSettleMs) return run;
    await wait(pauseMs);
  }
}
