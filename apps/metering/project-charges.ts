import type { ClickHouse } from '#clickhouse/connect.js';
import type { ChargeEvent } from '#contracts/charge.js';
import type { Delivered } from '#jetstream/handlers.js';
import { chargeRow } from './charge-row.js';
import { findStored } from './stored-contents.js';

/**
 * Stores one charge per event: the first on the log, as the ledger does. A charge for another content of the same
 * event is left out here, because the ledger quarantines it.
 */
export async function projectCharges(
  clickhouse: ClickHouse,
  deliveries: readonly Delivered<ChargeEvent>[],
): Promise<void> {
  const rows = deliveries.map(chargeRow);
  const stored = await findStored(clickhouse, 'charges', rows);
  const fresh: object[] = [];
  for (const row of rows) {
    const hashes = stored.of(row);
    if (hashes.size > 0) continue;
    fresh.push(row);
    hashes.add(row.usage_hash);
  }
  await clickhouse.insertRows('charges', fresh);
}
