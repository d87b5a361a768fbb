import type { ClickHouse } from '#clickhouse/connect.js';
import type { UsageEvent } from '#contracts/usage-event.js';
import type { Delivered } from '#jetstream/handlers.js';
import { findStored } from './stored-contents.js';
import { usageRow } from './usage-row.js';

/** Stores each content of each usage event once. Two contents of one id both stand: each was accepted. */
export async function projectUsage(
  clickhouse: ClickHouse,
  deliveries: readonly Delivered<UsageEvent>[],
): Promise<void> {
  const rows = deliveries.map(usageRow);
  const stored = await findStored(clickhouse, 'usage_events', rows);
  const fresh: object[] = [];
  for (const row of rows) {
    const hashes = stored.of(row);
    if (hashes.has(row.usage_hash)) continue;
    fresh.push({ ...row, is_conflict: hashes.size > 0 });
    hashes.add(row.usage_hash);
  }
  await clickhouse.insertRows('usage_events', fresh);
}
