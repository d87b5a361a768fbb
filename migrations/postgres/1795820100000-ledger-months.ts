import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The sub-ledger by month, so that a month can be read, archived and indexed alone. An event's id stays unique for
 * ever, across months: a table of identities keeps that, and the database itself fills it.
 */
export class LedgerMonths1795820100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [byMonth, openMonth, identities, move, guards]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      CREATE TABLE charge_whole (LIKE charge INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
      INSERT INTO charge_whole SELECT * FROM charge;
      ALTER TABLE adjustment DROP CONSTRAINT adjustment_of_charge;
      DROP TABLE charge, charge_identity;
      DROP FUNCTION open_month, identify_charges;
      ALTER TABLE charge_whole RENAME TO charge;
      ALTER TABLE charge DROP COLUMN xid;
      ALTER TABLE charge ADD PRIMARY KEY (org_id, event_id);
      CREATE INDEX charge_of_transaction ON charge (transaction_id) WHERE transaction_id IS NOT NULL;
      CREATE INDEX charge_by_time ON charge (org_id, effective_at);
      ${matchesPostings}
      ${appendOnly('charge')}
      ${grantCharge}
      SET LOCAL search_path TO DEFAULT`);
  }
}

const appendOnly = (table: string) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`;

const matchesPostings = `
  CREATE TRIGGER matches_postings AFTER INSERT ON charge REFERENCING NEW TABLE AS booked
    FOR EACH STATEMENT EXECUTE FUNCTION check_charges();
  ALTER TABLE charge ENABLE ALWAYS TRIGGER matches_postings;`;

const grantCharge = `
  GRANT SELECT ON charge TO tollgate_ledger;
  -- Everything but booked_at and xid.
  GRANT INSERT (org_id, event_id, usage_hash, status, effective_at, usage_sequence, usage_index, request_id, team_id,
    project_id, key_id, channel_id, provider, model, price_version, quantity, currency, amount, cost, lines,
    transaction_id, reason_code, reason_detail) ON charge TO tollgate_ledger;`;

const byMonth = `
  ALTER TABLE charge RENAME TO charge_whole;
  ALTER INDEX charge_pkey RENAME TO charge_whole_pkey;
  ALTER INDEX charge_of_transaction RENAME TO charge_whole_of_transaction;
  ALTER INDEX charge_by_time RENAME TO charge_whole_by_time;
  CREATE TABLE charge (
    LIKE charge_whole INCLUDING DEFAULTS INCLUDING CONSTRAINTS,
    -- The database transaction that booked it: its block in the chain.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, event_id, effective_at)
  ) PARTITION BY RANGE (effective_at);
  CREATE INDEX charge_of_transaction ON charge (transaction_id) WHERE transaction_id IS NOT NULL;
  CREATE INDEX charge_by_time ON charge (org_id, effective_at);
  CREATE INDEX charge_by_position ON charge (usage_sequence, usage_index);`;

const openMonth = `
  -- Nobody but this function makes a partition, and nobody may write into one directly: its triggers are the parent's.
  CREATE FUNCTION open_month(month date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  DECLARE
    first date := date_trunc('month', month);
    name text := format('charge_%s', to_char(month, 'YYYY_MM'));
  BEGIN
    IF month NOT BETWEEN date '1970-01-01' AND date '2099-12-31' THEN
      RAISE integrity_constraint_violation USING MESSAGE = format('%s is no month of this book.', month);
    END IF;
    IF to_regclass('ledger.' || name) IS NOT NULL THEN RETURN; END IF;
    -- Attached when it is there: to create it as a partition would wait for every reader of the sub-ledger, and all
    -- writers behind it.
    EXECUTE format('CREATE TABLE %I (LIKE charge INCLUDING ALL)', name);
    EXECUTE format('CREATE TRIGGER append_only BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', name);
    EXECUTE format('ALTER TABLE charge ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name,
      to_char(first, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(first + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
  END $$;
  REVOKE ALL ON FUNCTION open_month FROM PUBLIC;
  GRANT EXECUTE ON FUNCTION open_month TO tollgate_ledger;`;

const identities = `
  CREATE TABLE charge_identity (
    org_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    usage_hash bytea NOT NULL CHECK (octet_length(usage_hash) = 32),
    -- Where in the sub-ledger the charge is.
    effective_at timestamptz NOT NULL,
    PRIMARY KEY (org_id, event_id)
  );
  ${appendOnly('charge_identity')}
  CREATE FUNCTION identify_charges() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  BEGIN
    -- The primary key books an event once, for ever: a second one fails the statement.
    INSERT INTO charge_identity (org_id, event_id, usage_hash, effective_at)
      SELECT org_id, event_id, usage_hash, effective_at FROM booked;
    RETURN NULL;
  END $$;
  CREATE TRIGGER identities AFTER INSERT ON charge REFERENCING NEW TABLE AS booked
    FOR EACH STATEMENT EXECUTE FUNCTION identify_charges();
  ALTER TABLE charge ENABLE ALWAYS TRIGGER identities;`;

/** What is in the book already goes over as it is, before the checks of new rows are switched on. */
const move = `
  DO $$ DECLARE month date; BEGIN
    FOR month IN SELECT DISTINCT date_trunc('month', effective_at AT TIME ZONE 'UTC')::date FROM charge_whole LOOP
      PERFORM open_month(month);
    END LOOP;
    PERFORM open_month((now() AT TIME ZONE 'UTC')::date);
    PERFORM open_month((now() AT TIME ZONE 'UTC' + interval '1 month')::date);
  END $$;
  INSERT INTO charge SELECT c.*, coalesce(t.xid, pg_current_xact_id())
    FROM charge_whole c LEFT JOIN transaction t ON t.id = c.transaction_id;
  DROP TABLE charge_whole;`;

const guards = `
  ${matchesPostings}
  ${appendOnly('charge')}
  ${grantCharge}
  GRANT SELECT ON charge_identity TO tollgate_ledger;
  ALTER TABLE adjustment ADD CONSTRAINT adjustment_of_charge
    FOREIGN KEY (org_id, event_id) REFERENCES charge_identity (org_id, event_id);`;
