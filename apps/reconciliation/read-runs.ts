import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { type listRuns, reconciliationRun, type ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { limits } from '#contracts/streams.js';

const rows = z.array(z.object({ run: reconciliationRun }));

/** The newest first. Of one organisation: its own runs, not those over all. */
export async function readRuns(
  source: DataSource,
  { orgId, after, limit = limits.maxPageSize }: z.infer<typeof listRuns.request>,
): Promise<z.infer<typeof listRuns.reply>> {
  const found = rows.parse(
    await source.query(
      `SELECT run FROM run WHERE ($1::text IS NULL OR org_id = $1) AND ($2::text IS NULL OR id < $2)
       ORDER BY id DESC LIMIT $3`,
      [orgId ?? null, after ?? null, limit + 1],
    ),
  );
  const items = firstOf(
    found.map(({ run }) => run),
    limit,
  );
  const last = items.at(-1);
  return { items, ...(found.length > items.length && last !== undefined ? { next: last.id } : {}) };
}

/** As many as fit into a reply: a run with many breaks is long, so a page may be shorter than was asked for. */
function firstOf(runs: readonly ReconciliationRun[], limit: number): ReconciliationRun[] {
  let bytes = 0;
  const fitting = runs.findIndex((run) => (bytes += Buffer.byteLength(JSON.stringify(run))) > limits.maxMessageBytes);
  return runs.slice(0, Math.min(limit, fitting < 0 ? limit : Math.max(1, fitting)));
}

export async function readRun(source: DataSource, id: string): Promise<ReconciliationRun | undefined> {
  const [found] = rows.parse(await source.query('SELECT run FROM run WHERE id = $1', [id]));
  return found?.run;
}
