import { setTimeout as wait } from 'node:timers/promises';
import { reconciliationRun, type ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { callControl, ControlRefusal, type ControlApi } from './control-api.js';

/** How long one run waits for the pipeline, and how long the pipeline has altogether. */
const runWaitSeconds = 10;
const maxSettleMs = 600_000;
/** The relay puts the last answers' events on the log within this time, unless it lost its broker. */
const maxArrivalMs = 30_000;
const pauseMs = 250;
/** A reconciliation that is killed within a run leaves control waiting for its answer for about a minute. */
const maxAwayMs = 180_000;
/** A relay that was killed puts what its journal held on the log within this time. */
const recoveryMs = 3_000;

export interface Expected {
  readonly organisationId: string;
  /** How many usage events there are at least. */
  readonly events: number;
  /** Broken connections leave more events than requests behind, and nobody knows how many. */
  readonly orMore: boolean;
}

/**
 * Runs reconciliations until one finds the pipeline at the end of the log with the expected events in it. Where there
 * may be more, the number has to stand still.
 * @returns the last run, settled or not.
 */
export async function settle(
  control: ControlApi,
  { organisationId, events, orMore }: Expected,
): Promise<ReconciliationRun> {
  const startedMs = performance.now();
  for (let before: number | undefined; ;) {
    const run = await reconcile(control, organisationId);
    const { accepted } = run.counts;
    const passedMs = performance.now() - startedMs;
    const arrived = (accepted >= events || passedMs > maxArrivalMs) && (!orMore || accepted === before);
    if ((run.status !== 'unsettled' && arrived) || passedMs > maxSettleMs) return run;
    before = accepted;
    await wait(orMore ? recoveryMs : pauseMs);
  }
}

async function reconcile(control: ControlApi, organisationId: string): Promise<ReconciliationRun> {
  const giveUpMs = performance.now() + maxAwayMs;
  for (;;) {
    try {
      return await callControl(control, {
        method: 'POST',
        path: '/v1/reconciliation/runs',
        body: { organisationId, waitSeconds: runWaitSeconds },
        answer: reconciliationRun,
      });
    } catch (error) {
      const isAway = error instanceof ControlRefusal && error.status === 503;
      if (!isAway || performance.now() > giveUpMs) throw error;
      await wait(pauseMs);
    }
  }
}
