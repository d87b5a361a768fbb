import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Every kind of transaction with the movements that it may make, months that close, and corrections of charges.
 * What a kind may not move is refused by the database: revenue cannot be made by a top-up.
 */
export class LedgerPeriods1795820000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [kinds, movements, periods, adjustments, checks, grants]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  /** What this migration made possible is lost: a book with other kinds than before refuses to go back. */
  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      DROP TRIGGER movements_allowed ON posting;
      DROP TRIGGER matches_postings ON adjustment;
      DROP TABLE adjustment, period_close, movement;
      DROP INDEX transaction_by_time;
      DROP FUNCTION check_movements, check_adjustments, close_period_in_turn, first_open_period;
      ALTER TABLE transaction DROP COLUMN period, DROP COLUMN belongs_to, DROP COLUMN corrects, DROP COLUMN memo,
        DROP CONSTRAINT transaction_kind_check,
        ADD CONSTRAINT transaction_kind_check CHECK (kind IN ('charge', 'top_up'));
      ${stampBefore}
      ${checkBefore}
      SET LOCAL search_path TO DEFAULT`);
  }
}

const kinds = `
  CREATE TABLE movement (
    kind text NOT NULL,
    -- The part of an account's name before the colon.
    debit text NOT NULL,
    credit text NOT NULL,
    PRIMARY KEY (kind, debit, credit)
  );
  INSERT INTO movement (kind, debit, credit) VALUES
    ('charge', 'customer-wallet', 'usage-revenue'),
    ('charge', 'customer-credits', 'usage-revenue'),
    ('charge', 'unbilled-receivable', 'usage-revenue'),
    ('charge', 'cost-of-sales', 'provider-clearing'),
    ('top_up', 'cash-clearing', 'customer-wallet'),
    ('refund', 'customer-wallet', 'cash-clearing'),
    ('grant', 'promotion-expense', 'customer-credits'),
    ('grant_expiry', 'customer-credits', 'promotion-expense'),
    ('transfer', 'customer-wallet', 'customer-wallet'),
    ('invoice', 'receivable', 'unbilled-receivable'),
    ('invoice', 'receivable', 'tax-payable'),
    ('invoice', 'receivable', 'rounding'),
    ('invoice', 'rounding', 'receivable'),
    ('invoice', 'customer-wallet', 'tax-payable'),
    ('invoice', 'customer-wallet', 'rounding'),
    ('invoice', 'rounding', 'customer-wallet'),
    ('payment', 'cash-clearing', 'receivable'),
    ('credit_note', 'sales-credits', 'receivable'),
    ('credit_note', 'sales-credits', 'customer-wallet'),
    ('credit_note', 'tax-payable', 'receivable'),
    ('credit_note', 'tax-payable', 'customer-wallet'),
    ('credit_note', 'rounding', 'receivable'),
    ('credit_note', 'receivable', 'rounding'),
    ('provider_statement', 'provider-clearing', 'provider-payable'),
    ('provider_statement', 'cost-variance', 'provider-payable'),
    ('provider_statement', 'provider-payable', 'cost-variance');
  -- A correction is the reverse of an original, then the right one; a voided invoice is reversed.
  INSERT INTO movement SELECT 'correction', credit, debit FROM movement WHERE kind IN ('charge', 'invoice')
    UNION SELECT 'correction', debit, credit FROM movement WHERE kind IN ('charge', 'invoice');
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE movement ENABLE ALWAYS TRIGGER append_only;`;

const movements = `
  ALTER TABLE transaction DROP CONSTRAINT transaction_kind_check;
  ALTER TABLE transaction ADD CONSTRAINT transaction_kind_check CHECK (kind IN ('charge', 'top_up', 'refund', 'grant',
    'grant_expiry', 'transfer', 'invoice', 'payment', 'credit_note', 'provider_statement', 'correction'));
  ALTER TABLE transaction ADD COLUMN corrects bigint,
    ADD FOREIGN KEY (corrects, org_id, currency) REFERENCES transaction (id, org_id, currency),
    ADD COLUMN memo text CHECK (char_length(memo) BETWEEN 1 AND 500);
  CREATE FUNCTION check_movements() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE wrong record;
  BEGIN
    SELECT t.id, t.kind, debit.name AS debit, credit.name AS credit INTO wrong
      FROM posted p
      LEFT JOIN transaction t ON t.id = p.transaction_id
      LEFT JOIN account debit ON debit.id = p.debit_account
      LEFT JOIN account credit ON credit.id = p.credit_account
      LEFT JOIN movement m ON (m.kind, m.debit, m.credit)
        = (t.kind, split_part(debit.name, ':', 1), split_part(credit.name, ':', 1))
      WHERE m.kind IS NULL LIMIT 1;
    IF FOUND THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Transaction %s: a %s may not move anything from %s to %s.', wrong.id, wrong.kind, wrong.debit, wrong.credit);
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER movements_allowed AFTER INSERT ON posting REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION check_movements();
  ALTER TABLE posting ENABLE ALWAYS TRIGGER movements_allowed;`;

const stamp = (periods: string) => `
  CREATE OR REPLACE FUNCTION stamp_transaction() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  BEGIN
    NEW.xid := pg_current_xact_id();
    NEW.posted_at := now();
    ${periods}
    RETURN NEW;
  END $$;`;
const stampBefore = stamp('') + 'ALTER FUNCTION stamp_transaction() RESET search_path;';

const periods = `
  -- A month that is closed accepts nothing for ever: a row here is the closing.
  CREATE TABLE period_close (
    period date PRIMARY KEY CHECK (period = date_trunc('month', period)),
    closed_at timestamptz NOT NULL DEFAULT now(),
    closed_by text NOT NULL CHECK (char_length(closed_by) BETWEEN 1 AND 200),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
  );
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON period_close
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE period_close ENABLE ALWAYS TRIGGER append_only;

  CREATE FUNCTION first_open_period() RETURNS date LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT coalesce((SELECT (max(period) + interval '1 month')::date FROM period_close), '-infinity'::date);
  $$;

  CREATE FUNCTION close_period_in_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  BEGIN
    -- The writers' lock: nobody posts into the month while it closes.
    PERFORM pg_advisory_xact_lock(${0x6c656467});
    NEW.closed_at := now();
    NEW.xid := pg_current_xact_id();
    IF NEW.period >= date_trunc('month', now() AT TIME ZONE 'UTC') THEN
      RAISE integrity_constraint_violation USING MESSAGE = format('The month of %s is not over yet.', NEW.period);
    END IF;
    IF NEW.period < first_open_period() THEN
      RAISE integrity_constraint_violation USING MESSAGE = format('The month of %s is closed already.', NEW.period);
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER in_turn BEFORE INSERT ON period_close FOR EACH ROW EXECUTE FUNCTION close_period_in_turn();
  ALTER TABLE period_close ENABLE ALWAYS TRIGGER in_turn;

  -- period: the month of the book. belongs_to: the month in which it happened, where that one was closed already.
  ALTER TABLE transaction ADD COLUMN period date, ADD COLUMN belongs_to date;
  ALTER TABLE transaction DISABLE TRIGGER append_only;
  UPDATE transaction SET belongs_to = date_trunc('month', effective_at AT TIME ZONE 'UTC'),
    period = date_trunc('month', effective_at AT TIME ZONE 'UTC');
  ALTER TABLE transaction ENABLE ALWAYS TRIGGER append_only;
  ALTER TABLE transaction ALTER COLUMN period SET NOT NULL, ALTER COLUMN belongs_to SET NOT NULL;
  CREATE INDEX transaction_by_period ON transaction (period, org_id);
  CREATE INDEX transaction_by_time ON transaction (org_id, effective_at);
  ${stamp(`
    -- Also who is no ledger waits for its turn: a month cannot close between this row and its commit.
    PERFORM pg_advisory_xact_lock(${0x6c656467});
    NEW.belongs_to := date_trunc('month', NEW.effective_at AT TIME ZONE 'UTC');
    -- What claims to come from the future stands in the present.
    NEW.period := greatest(first_open_period(),
      least(NEW.belongs_to, date_trunc('month', now() AT TIME ZONE 'UTC')::date));`)}`;

const adjustments = `
  -- What a charge was worth after all: a correction of one that was charged, or the late price of a suspended one.
  CREATE TABLE adjustment (
    org_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    currency currency NOT NULL,
    -- Signed: by how much the charge's amount and cost change.
    amount pico NOT NULL,
    cost pico NOT NULL,
    price_version text NOT NULL,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    booked_at timestamptz NOT NULL DEFAULT now(),
    transaction_id bigint NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, event_id, number)
  );
  CREATE INDEX adjustment_of_transaction ON adjustment (transaction_id);
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE adjustment ENABLE ALWAYS TRIGGER append_only;`;

/** Σ of the usage accounts of a transaction = Σ of its charges and adjustments, for every kind that may have any. */
const check = (sums: string, charged: string) => `
  CREATE OR REPLACE FUNCTION check_transaction(checked bigint) RETURNS void
  LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE
    head transaction;
    posted record;
    charged record;
  BEGIN
    SELECT * INTO head FROM transaction WHERE id = checked AND xid = pg_current_xact_id();
    IF NOT FOUND THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Transaction %s is not open: only the database transaction that wrote it may add to it.', checked);
    END IF;
    SELECT
      ${sums},
      -- For postings the foreign keys say this too, but a replica session skips them.
      count(*) FILTER (WHERE debit.id IS NULL OR credit.id IS NULL
        OR (p.org_id, p.currency) <> (head.org_id, head.currency)) AS strays
      INTO posted
      FROM posting p
      LEFT JOIN account debit ON (debit.id, debit.org_id, debit.currency) = (p.debit_account, head.org_id, head.currency)
      LEFT JOIN account credit
        ON (credit.id, credit.org_id, credit.currency) = (p.credit_account, head.org_id, head.currency)
      WHERE p.transaction_id = checked;
    SELECT
      coalesce(sum(amount), 0) AS revenue,
      coalesce(sum(cost), 0) AS cost,
      count(*) FILTER (WHERE (org_id, currency) <> (head.org_id, head.currency)) AS strays
      INTO charged
      FROM (${charged}) AS charged;
    IF posted <> charged OR posted.strays <> 0 THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Transaction %s: postings %s differ from charges %s (revenue, cost, rows of another organisation or currency).',
        checked, posted, charged);
    END IF;
  END $$;`;

const chargesOf = 'SELECT amount, cost, org_id, currency FROM charge WHERE transaction_id = checked';
const checkBefore = check(
  `coalesce(sum(p.amount) FILTER (WHERE credit.kind = 'income'), 0) AS revenue,
      coalesce(sum(p.amount) FILTER (WHERE debit.kind = 'expense'), 0) AS cost`,
  chargesOf,
);
const net = (account: string, credit: number) => `
      coalesce(sum(CASE WHEN credit.name LIKE '${account}:%' THEN ${credit} * p.amount ELSE 0 END
        + CASE WHEN debit.name LIKE '${account}:%' THEN ${-credit} * p.amount ELSE 0 END), 0)`;

const checks = `
  ${check(
    `${net('usage-revenue', 1)} AS revenue,
      ${net('cost-of-sales', -1)} AS cost`,
    `${chargesOf} UNION ALL SELECT amount, cost, org_id, currency FROM adjustment WHERE transaction_id = checked`,
  )}
  CREATE FUNCTION check_adjustments() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM ledger.check_transaction(transaction_id) FROM (SELECT DISTINCT transaction_id FROM booked) AS joined;
    RETURN NULL;
  END $$;
  CREATE TRIGGER matches_postings AFTER INSERT ON adjustment REFERENCING NEW TABLE AS booked
    FOR EACH STATEMENT EXECUTE FUNCTION check_adjustments();
  ALTER TABLE adjustment ENABLE ALWAYS TRIGGER matches_postings;`;

const grants = `
  GRANT SELECT ON movement, period_close, adjustment TO tollgate_ledger;
  GRANT INSERT (period, closed_by) ON period_close TO tollgate_ledger;
  GRANT INSERT (corrects, memo) ON transaction TO tollgate_ledger;
  GRANT INSERT (org_id, event_id, number, currency, amount, cost, price_version, reason, transaction_id)
    ON adjustment TO tollgate_ledger;`;
