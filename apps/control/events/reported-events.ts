import type { DataSource } from 'typeorm';

/** By which a report is known again. */
export interface ReportIdentity {
  readonly orgId: string;
  readonly source: string;
  readonly id: string;
  readonly payloadHash: string;
}

/** An event that was reported, ready for the log. */
export interface ReportedEvent extends ReportIdentity {
  /** The usage event as JSON. */
  readonly event: string;
}

/** `event` is absent when the log has it. */
export interface StoredEvent extends ReportIdentity {
  readonly event: string | null;
  readonly isNew: boolean;
}

/** Some identities have another payload already. Nothing of the batch was stored. */
export class PayloadConflict extends Error {
  override readonly name = 'PayloadConflict';

  /** @param indexes where in the batch. */
  constructor(readonly indexes: readonly number[]) {
    super('Events with these ids are known with another payload.');
  }
}

type Name = Omit<ReportIdentity, 'payloadHash'>;
type Row = Omit<StoredEvent, 'isNew'>;

const keyOf = ({ orgId, source, id }: Name) => JSON.stringify([orgId, source, id]);
const columnsOf = (batch: readonly Name[]) => [
  batch.map(({ orgId }) => orgId),
  batch.map(({ source }) => source),
  batch.map(({ id }) => id),
];

/**
 * Stores a batch, all or nothing, and tells of each event what is known of it now: what was stored first stays, for ever.
 * @throws PayloadConflict
 */
export function storeEvents(source: DataSource, batch: readonly ReportedEvent[]): Promise<StoredEvent[]> {
  return source.transaction(async (db) => {
    // In one order, so that two batches with the same events wait for each other instead of both for ever.
    const inserted = await db.query<ReportedEvent[]>(
      `INSERT INTO reported_event (organisation_id, source, id, payload_hash, event)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS one (org, source, id, hash, event)
        ORDER BY org COLLATE "C", source COLLATE "C", id COLLATE "C"
       ON CONFLICT DO NOTHING
       RETURNING organisation_id "orgId", source, id`,
      [...columnsOf(batch), batch.map(({ payloadHash }) => payloadHash), batch.map(({ event }) => event)],
    );
    const rows = await findRows(db, batch);
    const conflicts = rows.flatMap((row, at) => (row?.payloadHash === batch[at]?.payloadHash ? [] : [at]));
    if (conflicts.length > 0) throw new PayloadConflict(conflicts);
    // The first of two in one batch is new, and the second is that one again.
    const fresh = new Set(inserted.map(keyOf));
    return rows.filter((row) => row !== undefined).map((row) => ({ ...row, isNew: fresh.delete(keyOf(row)) }));
  });
}

/** The whole batch as it was stored before. @returns undefined when not all of it was, or not with this payload. */
export async function findRepeated(
  source: DataSource,
  batch: readonly ReportIdentity[],
): Promise<StoredEvent[] | undefined> {
  const rows = await findRows(source, batch);
  const known = rows
    .filter((row, at) => row?.payloadHash === batch[at]?.payloadHash)
    .filter((row) => row !== undefined);
  return known.length === batch.length ? known.map((row) => ({ ...row, isNew: false })) : undefined;
}

async function findRows(db: Pick<DataSource, 'query'>, batch: readonly ReportIdentity[]): Promise<(Row | undefined)[]> {
  const known = await db.query<Row[]>(
    `SELECT organisation_id "orgId", source, id, payload_hash "payloadHash", event
       FROM reported_event
       JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS one (org, source, id)) one USING (source, id)
      WHERE organisation_id = one.org`,
    columnsOf(batch),
  );
  const byKey = new Map(known.map((row) => [keyOf(row), row]));
  return batch.map((one) => byKey.get(keyOf(one)));
}

interface Wanted {
  /** It has had time to get there. */
  readonly olderThanMs: number;
  readonly limit: number;
  /** Of other organisations than these. */
  readonly except: readonly string[];
}

/** What was stored and, as far as is known, is not on the log: the oldest of it. */
export function findUnpublished(source: DataSource, { olderThanMs, limit, except }: Wanted): Promise<StoredEvent[]> {
  return source.query(
    `SELECT organisation_id "orgId", source, id, payload_hash "payloadHash", event, false "isNew"
       FROM reported_event
      WHERE published_at IS NULL AND received_at < now() - $1 * interval '1 millisecond'
        AND organisation_id <> ALL($3::text[])
      ORDER BY received_at LIMIT $2`,
    [olderThanMs, limit, except],
  );
}

export async function markPublished(source: DataSource, events: readonly Name[]): Promise<void> {
  // In one order, as above.
  await source.query(
    `WITH mine AS (
       SELECT row.organisation_id, row.source, row.id FROM reported_event row
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS one (org, source, id)
           ON row.organisation_id = one.org AND row.source = one.source AND row.id = one.id
        WHERE row.published_at IS NULL
        ORDER BY row.organisation_id, row.source, row.id
        FOR UPDATE OF row
     )
     UPDATE reported_event row SET published_at = now(), event = NULL
       FROM mine
      WHERE row.organisation_id = mine.organisation_id AND row.source = mine.source AND row.id = mine.id`,
    columnsOf(events),
  );
}
