import type { ClickHouse } from '#clickhouse/connect.js';

/** A server refuses a parameter above 128 KiB (its http_max_field_value_size), in an address and in a body alike. */
const maxParameterBytes = 120_000;

/** What names a content of an event, in every table that holds events. */
export interface EventKey {
  readonly org_id: string;
  readonly event_id: string;
  /** SHA-256 of the usage event's data. */
  readonly usage_hash: string;
}

/** The contents that are stored of some events: their hashes, by event. */
export class StoredContents {
  readonly #hashes = new Map<string, Set<string>>();

  /** The stored hashes of the event. Adding one to it says that it is about to be stored. */
  of({ org_id, event_id }: EventKey): Set<string> {
    // An organisation's id holds no space, so two events never share a key.
    const key = `${org_id} ${event_id}`;
    const hashes = this.#hashes.get(key) ?? new Set();
    this.#hashes.set(key, hashes);
    return hashes;
  }
}

/**
 * Looks up which contents of these events a table holds. Who inserts only what is missing counts every event once:
 *
 * - A batch that is delivered again, also in other company, is found, because an insert is acknowledged only once it
 *   is stored and a batch is acknowledged only after its insert.
 * - A process that dies in the middle leaves the whole batch or none of it, as an insert is one part. Were it several
 *   parts, some of them would be found and the others inserted: this does not rest on the insert's atomicity.
 * - An insert whose answer got lost may still be running on a server: it is waited for before the look-up.
 * - Nobody else inserts between the look-up and the insert: one worker per table, one batch at a time. With the engine
 *   in this process a file lock makes sure of it; with a server, run one metering process.
 */
export async function findStored(
  clickhouse: ClickHouse,
  table: 'usage_events' | 'charges',
  events: readonly EventKey[],
): Promise<StoredContents> {
  await clickhouse.settleInserts(table);
  const orgs = [...new Set(events.map(({ org_id }) => org_id))];
  const stored = new StoredContents();
  for (const ids of parametersOf(events.map(({ event_id }) => event_id))) {
    // Every id in every one of the organisations: more than was asked for does no harm. Not by hour, because another
    // content of an event may claim another time.
    const rows = await clickhouse.query<EventKey>(
      `SELECT org_id, event_id, usage_hash FROM ${table}
       WHERE org_id IN {orgs:Array(String)} AND event_id IN {ids:Array(String)}`,
      { orgs, ids },
    );
    for (const row of rows) stored.of(row).add(row.usage_hash);
  }
  return stored;
}

/** Splits texts into arrays that a server takes as one parameter each. */
function parametersOf(texts: readonly string[]): string[][] {
  const parameters: string[][] = [];
  let leftBytes = 0;
  for (const text of texts) {
    // Quotes and a comma, and every character might be escaped.
    const bytes = 2 * Buffer.byteLength(text) + 3;
    if (bytes > leftBytes) {
      parameters.push([]);
      leftBytes = maxParameterBytes;
    }
    parameters.at(-1)?.push(text);
    leftBytes -= bytes;
  }
  return parameters;
}
