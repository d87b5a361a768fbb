import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import type { ReconciliationRun, runReconciliation } from '#contracts/requests/reconciliation.js';
import { streams } from '#contracts/streams.js';
import { ackFloor, lastSequence } from '#jetstream/progress.js';
import { awaitSettled } from './await-settled.js';
import { compareGeneralLedger } from './compare-general-ledger.js';
import { compareQuarantine } from './compare-quarantine.js';
import { compareCounts, countFates, sumAmounts, totalsOf } from './describe-run.js';
import { drillDown } from './drill-down.js';
import { findPriceBookIn } from './find-price-book.js';
import { grossErrorPpm } from './gross-error.js';
import { readView } from './read-view.js';

const DEFAULT_WAIT_MS = 30_000;
const MAX_BREAKS_SHOWN = 100;

export interface RunRoom {
  readonly connection: NatsConnection;
  readonly now: () => Date;
  readonly newId: () => string;
}

/** One run: cut the log, wait until everything before the cut is settled, and compare all accounts of it. */
export async function reconcileUsage(
  { connection, now, newId }: RunRoom,
  { orgId, waitMs = DEFAULT_WAIT_MS }: z.infer<typeof runReconciliation.request>,
): Promise<ReconciliationRun> {
  const startedAt = now().toISOString();
  const usageSequence = await lastSequence(connection, streams.usage.name);
  const lagging = await awaitSettled(
    {
      lastSequence: (stream) => lastSequence(connection, stream),
      ackFloor: (stream, consumer) => ackFloor(connection, stream, consumer),
    },
    usageSequence,
    { waitMs },
  );
  const room = { connection, findPriceBook: findPriceBookIn(connection) };
  const extent = { usageSequence, orgId };
  const view = await readView(room, extent);
  const counts = countFates(view);
  // Before all is settled every event on its way would look like a missing one.
  const breaks =
    lagging.length > 0
      ? lagging
      : [
          ...view.log.breaks,
          ...compareCounts(counts),
          ...compareQuarantine(view.log.quarantined, view.parked),
          ...compareGeneralLedger(view.generalLedger),
          ...(await drillDown(room, extent, view)),
        ];
  const grossError = lagging.length > 0 ? undefined : grossErrorPpm(breaks, sumAmounts(view.log.cells));
  return {
    id: newId(),
    ...(orgId === undefined ? {} : { orgId }),
    startedAt,
    finishedAt: now().toISOString(),
    cut: { usageSequence },
    status: lagging.length > 0 ? 'unsettled' : breaks.length > 0 ? 'broken' : 'balanced',
    counts,
    cells: view.log.cells.size,
    totals: totalsOf(view),
    ...(grossError === undefined ? {} : { grossErrorPpm: grossError }),
    breakCount: breaks.length,
    breaks: breaks.slice(0, MAX_BREAKS_SHOWN),
  };
}
