import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { AcceptedUsage } from './accepted-usage.js';
import { type Cells, type HeldEvent, type LoggedEvent, type Scope, scopeName } from './cells.js';
import { findUnequalScopes } from './compare-cells.js';
import { compareEvents } from './compare-events.js';
import { type Extent, type LogRoom, readLog } from './read-log.js';
import { type CellSource, cellSources, readEvents } from './read-sources.js';
import type { View } from './read-view.js';

/** Compares every source with the log, first by sums, then event by event where sums differ. */
export async function drillDown(room: LogRoom, extent: Extent, view: View): Promise<ReconciliationBreak[]> {
  const unequal = Object.values(cellSources).map((source) => ({
    source,
    scopes: findUnequalScopes(expectedCells(source, view.log.cells), view.sources[source.name]),
  }));
  const scopes = unequal.flatMap((one) => one.scopes);
  if (scopes.length === 0) return [];

  const logged = await collectLogged(room, extent, new Set(scopes.map(scopeName)));
  const breaks: ReconciliationBreak[] = [];
  for (const { source, scopes } of unequal) {
    for (const scope of scopes) {
      const found = await readEvents(room.connection, source, { scope, usageSequence: extent.usageSequence });
      const expected = expectedEvents(source, logged.get(scopeName(scope)) ?? []);
      const inScope = compareEvents({ source: source.name, scope }, expected, found);
      breaks.push(...(inScope.length > 0 ? inScope : [unexplained(source, scope)]));
    }
  }
  return breaks;
}

/** The log once more: its events are kept only where somebody disagrees with them. */
async function collectLogged(room: LogRoom, extent: Extent, scopes: ReadonlySet<string>) {
  const collected = new Map<string, LoggedEvent[]>();
  for await (const { logged } of readLog(room, extent, new AcceptedUsage())) {
    const name = scopeName(logged.scope);
    if (!scopes.has(name)) continue;
    const events = collected.get(name);
    if (events === undefined) collected.set(name, [logged]);
    else events.push(logged);
  }
  return collected;
}

function expectedCells({ chargedOnly }: CellSource, cells: Cells): Cells {
  return chargedOnly ? new Map([...cells].filter(([, cell]) => cell.status === 'charged')) : cells;
}

function expectedEvents({ chargedOnly }: CellSource, events: readonly HeldEvent[]): readonly HeldEvent[] {
  return chargedOnly ? events.filter((event) => event.status === 'charged') : events;
}

/** A source that adds up its own events wrongly is a break too, though each of them is right. */
function unexplained({ name }: CellSource, scope: Scope): ReconciliationBreak {
  return {
    kind: 'quantity',
    source: name,
    ...scope,
    expected: 'the sums of its events',
    found: 'other sums, though every event agrees with the log',
  };
}
