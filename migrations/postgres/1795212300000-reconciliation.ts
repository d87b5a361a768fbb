import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a run found is evidence: it is added, and never edited. */
export class Reconciliation1795212300000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE reconciliation.run (
        -- A uuidv7: newest last.
        id text COLLATE "C" PRIMARY KEY,
        -- NULL when the run covers every organisation.
        org_id text COLLATE "C",
        started_at timestamptz NOT NULL,
        finished_at timestamptz NOT NULL,
        status text NOT NULL CHECK (status IN ('balanced', 'broken', 'unsettled')),
        -- The whole run, as its contract says it.
        run json NOT NULL
      );
      CREATE INDEX run_of_org ON reconciliation.run (org_id, id);

      CREATE FUNCTION reconciliation.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE restrict_violation USING MESSAGE = format(
          '%s on reconciliation.%s: what a run found is never edited. Run it again.', TG_OP, TG_TABLE_NAME);
      END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reconciliation.run
        FOR EACH STATEMENT EXECUTE FUNCTION reconciliation.refuse_change();
      ALTER TABLE reconciliation.run ENABLE ALWAYS TRIGGER append_only;

      GRANT SELECT, INSERT ON reconciliation.run TO tollgate_reconciliation;`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE reconciliation.run; DROP FUNCTION reconciliation.refuse_change');
  }
}
