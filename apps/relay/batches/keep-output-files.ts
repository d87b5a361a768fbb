import type { KeptBatch } from '#contracts/batch.js';
import { IDENTIFIER } from '#contracts/streams.js';
import type { JsonObject } from '#usage/json.js';
import type { BatchStore } from './batch-store.js';

/** The files that a batch has made belong to whom it belongs to. */
export async function keepOutputFiles(
  store: BatchStore,
  batchId: string,
  { batch, told }: { readonly batch: KeptBatch; readonly told: JsonObject },
): Promise<void> {
  const { orgId, teamId, projectId, keyId, channelId, createdAt } = batch;
  for (const id of [told['output_file_id'], told['error_file_id']]) {
    if (typeof id !== 'string' || !IDENTIFIER.test(id)) continue;
    await store.keepFile(id, { orgId, teamId, projectId, keyId, channelId, createdAt, batchId });
  }
}
