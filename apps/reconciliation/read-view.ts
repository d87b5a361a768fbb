import type { NatsConnection } from '@nats-io/transport-node';
import type { z } from 'zod';
import { dataHash } from '#contracts/cloud-event.js';
import { generalLedgerTotals, type ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { AcceptedUsage } from './accepted-usage.js';
import { askSource } from './ask-source.js';
import { addEvent, type Cells } from './cells.js';
import { type Extent, type LogRoom, readLog } from './read-log.js';
import { readQuarantine } from './read-quarantine.js';
import { type CellSource, cellSources, readCells } from './read-sources.js';

export type GeneralLedgerTotals = z.infer<typeof generalLedgerTotals.reply>['totals'];

/** What a run compares: each source's account of the same usage. */
export interface View {
  readonly log: LogView;
  readonly sources: Readonly<Record<CellSource['name'], Cells>>;
  /** Subjects on QUARANTINE. */
  readonly parked: ReadonlySet<string>;
  readonly generalLedger: GeneralLedgerTotals;
}

export interface LogView {
  readonly cells: Cells;
  /** Distinct events, whatever became of them. */
  readonly accepted: number;
  /** Subjects under which QUARANTINE should hold what cannot be processed. */
  readonly quarantined: ReadonlySet<string>;
  /** Events that are not what their hash says. */
  readonly breaks: readonly ReconciliationBreak[];
}

export async function readView(room: LogRoom, extent: Extent): Promise<View> {
  const { connection } = room;
  const cellsOf = (name: CellSource['name']) => readCells(connection, cellSources[name], extent);
  const [log, parked, generalLedger, clickhouse, recomputed, ledger] = await Promise.all([
    readLogView(room, extent),
    readQuarantine(connection, extent),
    readGeneralLedger(connection, extent),
    cellsOf('clickhouse'),
    cellsOf('recomputed'),
    cellsOf('ledger'),
  ]);
  return { log, parked, generalLedger, sources: { clickhouse, recomputed, ledger } };
}

async function readLogView(room: LogRoom, extent: Extent): Promise<LogView> {
  const accepted = new AcceptedUsage();
  const cells: Cells = new Map();
  const breaks: ReconciliationBreak[] = [];
  for await (const { event, logged } of readLog(room, extent, accepted)) {
    addEvent(cells, logged);
    // Producers compute the hash and everyone else trusts it: here is where that trust is earned.
    const hash = dataHash(event.data);
    if (hash === event.datahash) continue;
    const { scope, eventId } = logged;
    breaks.push({
      kind: 'hash_mismatch',
      source: 'pipeline',
      ...scope,
      eventId,
      expected: hash,
      found: event.datahash,
    });
  }
  const { quarantined } = accepted;
  return { cells, accepted: accepted.count + quarantined.size, quarantined, breaks };
}

async function readGeneralLedger(connection: NatsConnection, { orgId }: Extent): Promise<GeneralLedgerTotals> {
  const reply = await askSource(connection, generalLedgerTotals, orgId === undefined ? {} : { orgId });
  return reply.totals;
}
