import type { DataSource } from 'typeorm';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';

export async function storeRun(source: DataSource, run: ReconciliationRun): Promise<void> {
  await source.query(
    'INSERT INTO run (id, org_id, started_at, finished_at, status, run) VALUES ($1, $2, $3, $4, $5, $6)',
    [run.id, run.orgId ?? null, run.startedAt, run.finishedAt, run.status, JSON.stringify(run)],
  );
}
