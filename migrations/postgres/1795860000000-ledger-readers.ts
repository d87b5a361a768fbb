import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who only reads the book, whole: the verifier, reports and exports. */
export class LedgerReaders1795860000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      DO $$ BEGIN
        CREATE ROLE tollgate_ledger_reader NOLOGIN;
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END $$;
      DO $$ BEGIN
        IF NOT pg_has_role(current_user, 'tollgate_ledger_reader', 'USAGE') THEN
          EXECUTE format('GRANT tollgate_ledger_reader TO %I', current_user);
        END IF;
      END $$;
      GRANT USAGE ON SCHEMA ledger TO tollgate_ledger_reader;
      -- A month is read through the whole: what it may be asked alone would differ from month to month.
      DO $$ DECLARE readable regclass; BEGIN
        FOR readable IN SELECT oid FROM pg_class
          WHERE relnamespace = 'ledger'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition
        LOOP
          EXECUTE format('GRANT SELECT ON %s TO tollgate_ledger_reader', readable);
        END LOOP;
      END $$;`);
  }

  /** The role belongs to the whole server, and its other databases may use it: it stays. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      REVOKE ALL ON ALL TABLES IN SCHEMA ledger FROM tollgate_ledger_reader;
      REVOKE USAGE ON SCHEMA ledger FROM tollgate_ledger_reader`);
  }
}
