import type { MigrationInterface, QueryRunner } from 'typeorm';

const apps = ['ledger', 'pricing', 'control', 'reconciliation'] as const;

/** A schema and a role per app that keeps its truth in Postgres: none can read or write another's. */
export class RolesAndSchemas1795212000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const app of apps) {
      await db.query(createRole(`tollgate_${app}`));
      await db.query(`CREATE SCHEMA ${app}; GRANT USAGE ON SCHEMA ${app} TO tollgate_${app}`);
    }
  }

  /** Roles belong to the whole server, and its other databases may use them: they stay. */
  async down(db: QueryRunner): Promise<void> {
    for (const app of apps) await db.query(`DROP SCHEMA ${app}`);
  }
}

/** Roles are shared by all databases of a server, so another database's migration may create one at the same moment. */
function createRole(role: string): string {
  return `
    DO $$ BEGIN
      CREATE ROLE ${role} NOLOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    -- The migrating user's sessions act as the role. A superuser may already.
    DO $$ BEGIN
      IF NOT pg_has_role(current_user, '${role}', 'USAGE') THEN
        EXECUTE format('GRANT ${role} TO %I', current_user);
      END IF;
    END $$;`;
}
