import type { MigrationInterface, QueryRunner } from 'typeorm';

const id = `text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$')`;
const name = `text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200)`;
const hash = `text COLLATE "C" NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')`;

/**
 * Who may call and who pays. Everything below an organisation has the organisation in its key, and refers to its
 * parent together with it: a project in another organisation's team cannot be written down.
 */
export class Control1795212040000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE control.organisation (
        id ${id},
        name ${name},
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (id)
      );
      CREATE TABLE control.team (
        organisation_id text COLLATE "C" NOT NULL REFERENCES control.organisation,
        id ${id},
        name ${name},
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organisation_id, id)
      );
      CREATE TABLE control.project (
        organisation_id text COLLATE "C" NOT NULL,
        id ${id},
        team_id text COLLATE "C" NOT NULL,
        name ${name},
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (organisation_id, id),
        CONSTRAINT project_team FOREIGN KEY (organisation_id, team_id) REFERENCES control.team
      );
      CREATE INDEX project_by_team ON control.project (organisation_id, team_id);

      CREATE TABLE control.virtual_key (
        organisation_id text COLLATE "C" NOT NULL,
        id ${id},
        project_id text COLLATE "C" NOT NULL,
        name text CHECK (char_length(name) BETWEEN 1 AND 200),
        -- HMAC-SHA-256 of the whole key: the key itself is stored nowhere.
        hash ${hash} CONSTRAINT virtual_key_hash UNIQUE,
        last4 text NOT NULL CHECK (char_length(last4) = 4),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz,
        PRIMARY KEY (organisation_id, id),
        CONSTRAINT virtual_key_project FOREIGN KEY (organisation_id, project_id) REFERENCES control.project
      );
      CREATE INDEX virtual_key_by_project ON control.virtual_key (organisation_id, project_id);

      CREATE TABLE control.admin_token (
        id ${id} PRIMARY KEY,
        -- Absent: the token is the platform's own.
        organisation_id text COLLATE "C" CONSTRAINT admin_token_organisation REFERENCES control.organisation,
        name ${name},
        hash ${hash} UNIQUE,
        last4 text NOT NULL CHECK (char_length(last4) = 4),
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz
      );

      -- What was created stays; of a key or token nothing changes but that it is revoked.
      GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA control TO tollgate_control;
      GRANT UPDATE (revoked_at) ON control.virtual_key, control.admin_token TO tollgate_control;
    `);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE control.admin_token, control.virtual_key, control.project, control.team, control.organisation',
    );
  }
}
