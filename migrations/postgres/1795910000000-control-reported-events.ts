import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What others reported through POST /api/events, for ever: docs/decisions/0012-reported-events.md says why here. */
export class ControlReportedEvents1795910000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE control.reported_event (
        organisation_id text COLLATE "C" NOT NULL REFERENCES control.organisation,
        source text COLLATE "C" NOT NULL CHECK (char_length(source) BETWEEN 1 AND 256),
        id text COLLATE "C" NOT NULL CHECK (char_length(id) BETWEEN 1 AND 256),
        payload_hash text COLLATE "C" NOT NULL CHECK (payload_hash ~ '^[0-9a-f]{64}$'),
        received_at timestamptz NOT NULL DEFAULT now(),
        published_at timestamptz,
        -- What goes onto USAGE, byte for byte: what is published again after a crash is the same event.
        event text,
        PRIMARY KEY (organisation_id, source, id),
        -- The log keeps it from then on.
        CHECK ((event IS NULL) = (published_at IS NOT NULL))
      );
      CREATE INDEX reported_event_unpublished ON control.reported_event (received_at) WHERE published_at IS NULL;

      GRANT SELECT, INSERT, UPDATE (published_at, event) ON control.reported_event TO tollgate_control;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE control.reported_event');
  }
}
