import type { NatsConnection } from '@nats-io/transport-node';
import {
  clickhouseCells,
  clickhouseEvents,
  ledgerCells,
  ledgerEvents,
  recomputedCells,
  recomputedEvents,
} from '#contracts/requests/reconciliation.js';
import { limits } from '#contracts/streams.js';
import { askSource } from './ask-source.js';
import { addCell, type Cells, type HeldEvent, parseCell, parseEvent, type Scope } from './cells.js';
import type { Extent } from './read-log.js';

/** A source adds up millions of rows for its first page. */
const SOURCE_TIMEOUT_MS = 30_000;

export interface CellSource {
  readonly name: 'clickhouse' | 'recomputed' | 'ledger';
  readonly cells: typeof clickhouseCells;
  readonly events: typeof clickhouseEvents;
  /** The recomputation is price × quantity: it says nothing of what could not be priced. */
  readonly chargedOnly: boolean;
}

export const cellSources: Readonly<Record<CellSource['name'], CellSource>> = {
  clickhouse: { name: 'clickhouse', cells: clickhouseCells, events: clickhouseEvents, chargedOnly: false },
  recomputed: { name: 'recomputed', cells: recomputedCells, events: recomputedEvents, chargedOnly: true },
  ledger: { name: 'ledger', cells: ledgerCells, events: ledgerEvents, chargedOnly: false },
};

export async function readCells(
  connection: NatsConnection,
  source: CellSource,
  { usageSequence, orgId }: Extent,
): Promise<Cells> {
  const cells: Cells = new Map();
  const extent = { cut: { usageSequence }, ...(orgId === undefined ? {} : { orgId }), limit: limits.maxPageSize };
  let after: string | undefined;
  do {
    const request = { ...extent, ...(after === undefined ? {} : { after }) };
    const page = await askSource(connection, source.cells, request, { timeoutMs: SOURCE_TIMEOUT_MS });
    for (const item of page.items) addCell(cells, parseCell(item));
    after = page.next;
  } while (after !== undefined);
  return cells;
}

export async function readEvents(
  connection: NatsConnection,
  source: CellSource,
  { scope, usageSequence }: { readonly scope: Scope; readonly usageSequence: number },
): Promise<HeldEvent[]> {
  const events: HeldEvent[] = [];
  let after: string | undefined;
  do {
    const request = {
      ...scope,
      cut: { usageSequence },
      limit: limits.maxPageSize,
      ...(after === undefined ? {} : { after }),
    };
    const page = await askSource(connection, source.events, request, { timeoutMs: SOURCE_TIMEOUT_MS });
    events.push(...page.items.map(parseEvent));
    after = page.next;
  } while (after !== undefined);
  return events;
}
