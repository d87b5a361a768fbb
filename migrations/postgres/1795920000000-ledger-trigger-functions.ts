import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Whoever may execute a trigger function may hang it onto a temporary table of its own, and a function with its owner's
 * rights then writes what that table says: a balance, a leaf of the chain. Postgres lets everybody, unless told otherwise;
 * triggers that are there fire all the same.
 */
export class LedgerTriggerFunctions1795920000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(each('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC'));
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(each('GRANT EXECUTE ON FUNCTION %s TO PUBLIC'));
  }
}

const each = (change: string) => `
  DO $$ DECLARE one regprocedure; BEGIN
    FOR one IN SELECT oid FROM pg_proc
      WHERE pronamespace = 'ledger'::regnamespace AND prorettype = 'trigger'::regtype
    LOOP
      EXECUTE format('${change}', one);
    END LOOP;
  END $$`;
