import type { DataSource } from 'typeorm';

/** An event that was reported, ready for the log. */
export interface ReportedEvent {
  readonly orgId: string;
  readonly source: string;
  readonly id: string;
  readonly payloadHash: string;
  /** The usage event as JSON. */
  readonly event: string;
}

/** `event` is absent when the log has it. */
export interface StoredEvent extends Omit<ReportedEvent, 'event'> {
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

const keyOf = ({ orgId, source, id }: Pick<ReportedEvent, 'orgId' | 'source' | 'id'>) =>
  JSON.stringify([orgId, source, id]);

/**
 * Stores a batch, all or nothing, and tells of each event what is known of it now: what was stored first stays, for ever.
 * @throws PayloadConflict
 */
export function storeEvents(source: DataSource, batch: readonly ReportedEvent[]): Promise<StoredEvent[]> {
  return source.transaction(async (db) => {
    const identities = [batch.map(({ orgId }) => orgId), batch.map(({ source }) => source), batch.map(({ id }) => id)];
    // In one order, so that two batches with the same events wait for each other instead of both for ever.
    const inserted = await db.query<ReportedEvent[]>(
      `INSERT INTO reported_event (organisation_id, source, id, payload_hash, event)
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) AS one (org, source, id, hash, event)
        ORDER BY org COLLATE "C", source COLLATE "C", id COLLATE "C"
       ON CONFLICT DO NOTHING
       RETURNING organisation_id "orgId", source, id`,
      [...identities, batch.map(({ payloadHash }) => payloadHash), batch.map(({ event }) => event)],
    );
    const known = await db.query<Omit<StoredEvent, 'isNew'>[]>(
      `SELECT organisation_id "orgId", source, id, payload_hash "payloadHash", event
         FROM reported_event
         JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[]) AS one (org, source, id)) one USING (source, id)
        WHERE organisation_id = one.org`,
      identities,
    );
    const byKey = new Map(known.map((row) => [keyOf(row), row]));
    const rows = batch.map((one) => byKey.get(keyOf(one)));
    const conflicts = rows.flatMap((row, at) => (row?.payloadHash === batch[at]?.payloadHash ? [] : [at]));
    if (conflicts.length > 0) throw new PayloadConflict(conflicts);
    // The first of two in one batch is new, and the second is that one again.
    const fresh = new Set(inserted.map(keyOf));
    return rows.filter((row) => row !== undefined).map((row) => ({ ...row, isNew: fresh.delete(keyOf(row)) }));
  });
}

/** What was stored and, as far as is known, is not on the log: the oldest of it, once it has had time to get there. */
export function findUnpublished(source: DataSource, olderThanMs: number, limit: number): Promise<StoredEvent[]> {
  return source.query(
    `SELECT organisation_id "orgId", source, id, payload_hash "payloadHash", event, false "isNew"
       FROM reported_event
      WHERE published_at IS NULL AND received_at < now() - $1 * interval '1 millisecond'
      ORDER BY received_at LIMIT $2`,
    [olderThanMs, limit],
  );
}

export async function markPublished(
  source: DataSource,
  events: readonly Pick<StoredEvent, 'orgId' | 'source' | 'id'>[],
): Promise<void> {
  const identities = [events.map(({ orgId }) => orgId), events.map(({ source }) => source), events.map(({ id }) => id)];
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
    identities,
  );
}
