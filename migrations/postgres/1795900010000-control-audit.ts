import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who changed what through control. It is added to and never changed, by anybody: `ENABLE ALWAYS` skips no replica. */
export class ControlAudit1795900010000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE control.audit_entry (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        request_id text NOT NULL,
        actor text NOT NULL CHECK (actor IN ('platform', 'organisation', 'signature')),
        -- Absent: the configured token of the platform, or no token.
        token_id text,
        action text NOT NULL,
        -- Absent: it is about no single organisation.
        organisation_id text COLLATE "C",
        stage text NOT NULL CHECK (stage IN ('changed', 'asked', 'done', 'refused', 'failed')),
        -- json and no jsonb: it keeps any text that a request may hold, as it was.
        target json NOT NULL,
        before json,
        after json
      );
      CREATE INDEX audit_entry_of_organisation ON control.audit_entry (organisation_id, id);

      CREATE FUNCTION control.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE restrict_violation USING MESSAGE = format('%s on control.%s: it is append-only.', TG_OP, TG_TABLE_NAME);
      END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON control.audit_entry
        FOR EACH STATEMENT EXECUTE FUNCTION control.refuse_change();
      ALTER TABLE control.audit_entry ENABLE ALWAYS TRIGGER append_only;

      GRANT SELECT, INSERT ON control.audit_entry TO tollgate_control;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE control.audit_entry; DROP FUNCTION control.refuse_change');
  }
}
