import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Channels that are kept by control, and told to the relays. */
export class ControlChannels1795910010000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE control.channel (
        id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
        fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'object' AND NOT fields ? 'secret'),
        -- Sealed with AES-256-GCM under a key that is not in this database: libs/config/seal-secret.ts.
        secret jsonb CHECK (secret ?& ARRAY['keyId', 'iv', 'tag', 'ciphertext']),
        secret_set_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        -- The id stays taken: usage is booked under it.
        removed_at timestamptz,
        CHECK ((secret IS NULL) = (secret_set_at IS NULL)),
        CHECK (removed_at IS NULL OR secret IS NULL)
      );

      GRANT SELECT, INSERT, UPDATE (fields, secret, secret_set_at, updated_at, removed_at) ON control.channel
         TO tollgate_control;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE control.channel');
  }
}
