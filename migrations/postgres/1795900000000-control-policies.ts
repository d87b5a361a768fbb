import type { MigrationInterface, QueryRunner } from 'typeorm';

const levels = ['organisation', 'team', 'project', 'virtual_key'];

/** What each level permits (libs/contracts/directory.ts), and secrets of keys that a rotation left valid for a while. */
export class ControlPolicies1795900000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const level of levels) {
      await db.query(`
        ALTER TABLE control.${level} ADD COLUMN policy jsonb CHECK (jsonb_typeof(policy) = 'object');
        GRANT UPDATE (policy) ON control.${level} TO tollgate_control;`);
    }
    await db.query(`
      CREATE TABLE control.retired_secret (
        hash text COLLATE "C" PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
        organisation_id text COLLATE "C" NOT NULL,
        key_id text COLLATE "C" NOT NULL,
        valid_until timestamptz NOT NULL,
        retired_at timestamptz NOT NULL DEFAULT now(),
        FOREIGN KEY (organisation_id, key_id) REFERENCES control.virtual_key
      );
      CREATE INDEX retired_secret_of_key ON control.retired_secret (organisation_id, key_id);

      GRANT SELECT, INSERT ON control.retired_secret TO tollgate_control;
      GRANT UPDATE (hash, last4) ON control.virtual_key TO tollgate_control;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE control.retired_secret');
    await db.query('REVOKE UPDATE (hash, last4) ON control.virtual_key FROM tollgate_control');
    for (const level of levels) await db.query(`ALTER TABLE control.${level} DROP COLUMN policy`);
  }
}
