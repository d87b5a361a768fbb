import type { NatsConnection } from '@nats-io/transport-node';
import { listRuns, type ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { ask } from '#jetstream/ask.js';

const pageSize = 50;

/** The newest run over this organisation or over all of them, unless it is older than `since`. */
export async function findLastRun(
  nats: NatsConnection,
  orgId: string,
  since: string,
): Promise<ReconciliationRun | undefined> {
  const own = await ask(nats, listRuns, { orgId, limit: 1 });
  const [last] = [...own.items, ...(await findWholeRun(nats, since))].sort((a, b) =>
    a.startedAt < b.startedAt ? 1 : -1,
  );
  return last;
}

/** Runs are listed newest first, those over one organisation among those over all. */
async function findWholeRun(nats: NatsConnection, since: string): Promise<readonly ReconciliationRun[]> {
  for (let after: { after?: string } = {}; ;) {
    const { items, next } = await ask(nats, listRuns, { limit: pageSize, ...after });
    const found = items.find(({ orgId }) => orgId === undefined);
    if (found !== undefined) return [found];
    const oldest = items.at(-1);
    if (next === undefined || oldest === undefined || Date.parse(oldest.startedAt) < Date.parse(since)) return [];
    after = { after: next };
  }
}
