import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The book. What a wrong program could write is refused here, by the database:
 * unbalanced (a posting is a pair), crossing currencies or organisations (composite keys), edited or erased
 * (append-only for everyone), added to afterwards (a transaction is closed by its commit), or different from its
 * charges (checked per transaction). Triggers are ENABLE ALWAYS: `session_replication_role = replica` skips none.
 */
export class Ledger1795212100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [domains, generalLedger, subLedger, appendOnly, balances, closedTransactions, entries, grants]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`
      DROP VIEW ledger.entry;
      DROP TABLE ledger.balance, ledger.charge, ledger.posting, ledger.transaction, ledger.account;
      DROP FUNCTION ledger.refuse_change, ledger.stamp_transaction, ledger.add_to_balances,
        ledger.check_posting, ledger.check_charges, ledger.check_transaction;
      DROP DOMAIN ledger.pico, ledger.pico_total, ledger.currency;`);
  }
}

const domains = `
  -- 10^-12 main units, at most 10^15 of them. A fraction is refused, not rounded; NaN and Infinity are beyond the range.
  CREATE DOMAIN pico AS numeric CHECK (value BETWEEN -1e27 AND 1e27 AND value = trunc(value));
  -- Sums of many amounts.
  CREATE DOMAIN pico_total AS numeric CHECK (value BETWEEN -1e38 AND 1e38 AND value = trunc(value));
  CREATE DOMAIN currency AS text COLLATE "C" CHECK (value ~ '^[A-Z]{3}$');`;

const generalLedger = `
  CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'income', 'expense')),
    currency currency NOT NULL,
    UNIQUE (org_id, name, currency),
    UNIQUE (id, org_id, currency)
  );

  CREATE TABLE transaction (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    kind text NOT NULL CHECK (kind IN ('charge', 'top_up')),
    -- For ever: a payment that is reported again after years is still the same payment.
    idempotency_key text COLLATE "C" CHECK ((idempotency_key IS NULL) = (kind = 'charge')),
    -- When it happened, and when the book knew. Of a batch of charges: when the last of them happened.
    effective_at timestamptz NOT NULL,
    posted_at timestamptz NOT NULL DEFAULT now(),
    -- The database transaction that wrote it, and the only one that may add to it.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (org_id, idempotency_key),
    UNIQUE (id, org_id, currency)
  );

  CREATE TABLE posting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id bigint NOT NULL,
    org_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    debit_account bigint NOT NULL,
    credit_account bigint NOT NULL CHECK (credit_account <> debit_account),
    amount pico_total NOT NULL CHECK (amount > 0),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency),
    FOREIGN KEY (debit_account, org_id, currency) REFERENCES account (id, org_id, currency),
    FOREIGN KEY (credit_account, org_id, currency) REFERENCES account (id, org_id, currency)
  );
  CREATE INDEX posting_of_transaction ON posting (transaction_id);
  CREATE INDEX posting_of_org ON posting (org_id, id);
  CREATE INDEX posting_of_debit_account ON posting (debit_account, id);
  CREATE INDEX posting_of_credit_account ON posting (credit_account, id);`;

const subLedger = `
  -- One row per usage event, whatever became of it. The primary key is what books an event once, for ever.
  CREATE TABLE charge (
    org_id text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    usage_hash bytea NOT NULL CHECK (octet_length(usage_hash) = 32),
    status text NOT NULL CHECK (status IN ('charged', 'suspended', 'voided')),
    effective_at timestamptz NOT NULL,
    booked_at timestamptz NOT NULL DEFAULT now(),
    -- Where the usage event stands on USAGE.
    usage_sequence bigint NOT NULL CHECK (usage_sequence >= 0),
    usage_index bigint NOT NULL CHECK (usage_index >= 0),
    request_id text NOT NULL,
    team_id text NOT NULL,
    project_id text NOT NULL,
    key_id text NOT NULL,
    channel_id text NOT NULL,
    provider text NOT NULL,
    model text COLLATE "C" NOT NULL,
    price_version text NOT NULL,
    quantity numeric NOT NULL CHECK (quantity BETWEEN 0 AND 1e38 AND quantity = trunc(quantity)),
    -- Known of a charged event only: an unknown amount is absent, never 0.
    currency currency,
    amount pico CHECK (amount >= 0),
    cost pico CHECK (cost >= 0),
    lines jsonb,
    -- Not a foreign key: matches_postings checks more of each transaction that is named, once for a batch of rows.
    transaction_id bigint,
    -- Why not: known of every other event.
    reason_code text,
    reason_detail text,
    PRIMARY KEY (org_id, event_id),
    CHECK (num_nulls(currency, amount, cost, lines, transaction_id) = CASE status WHEN 'charged' THEN 0 ELSE 5 END),
    CHECK (num_nulls(reason_code, reason_detail) = CASE status WHEN 'charged' THEN 2 ELSE 0 END)
  );
  CREATE INDEX charge_of_transaction ON charge (transaction_id) WHERE transaction_id IS NOT NULL;
  CREATE INDEX charge_by_time ON charge (org_id, effective_at);`;

const appendOnly = `
  CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    RAISE restrict_violation USING MESSAGE = format(
      '%s on ledger.%s: the book is append-only. Correct it with a new transaction that names the old one.',
      TG_OP, TG_TABLE_NAME);
  END $$;
  ${['account', 'transaction', 'posting', 'charge']
    .map(
      (table) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`,
    )
    .join('\n')}

  CREATE FUNCTION stamp_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.xid := pg_current_xact_id();
    NEW.posted_at := now();
    RETURN NEW;
  END $$;
  -- Nobody back-dates what the book knew, nor opens a transaction for others to join.
  CREATE TRIGGER stamp BEFORE INSERT ON transaction FOR EACH ROW EXECUTE FUNCTION stamp_transaction();
  ALTER TABLE transaction ENABLE ALWAYS TRIGGER stamp;`;

const balances = `
  -- A projection of the postings, kept by the database itself: no program can forget it or write another number.
  CREATE TABLE balance (
    account_id bigint PRIMARY KEY REFERENCES account,
    debits pico_total NOT NULL CHECK (debits >= 0),
    credits pico_total NOT NULL CHECK (credits >= 0)
  ) WITH (fillfactor = 50);

  CREATE FUNCTION add_to_balances() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  BEGIN
    -- One update per account and statement, in one order for all, so that two writers cannot lock each other out.
    INSERT INTO balance AS b (account_id, debits, credits)
    SELECT account_id, sum(debit), sum(credit)
    FROM (
      SELECT debit_account AS account_id, amount AS debit, 0 AS credit FROM posted
      UNION ALL
      SELECT credit_account, 0, amount FROM posted
    ) AS side
    GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET debits = b.debits + excluded.debits, credits = b.credits + excluded.credits;
    RETURN NULL;
  END $$;
  CREATE TRIGGER balances AFTER INSERT ON posting REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION add_to_balances();
  ALTER TABLE posting ENABLE ALWAYS TRIGGER balances;`;

const closedTransactions = `
  -- Income and expense come from charges alone, to the last digit, and in the database transaction that wrote them.
  CREATE FUNCTION check_transaction(checked bigint) RETURNS void
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
      coalesce(sum(p.amount) FILTER (WHERE credit.kind = 'income'), 0) AS revenue,
      coalesce(sum(p.amount) FILTER (WHERE debit.kind = 'expense'), 0) AS cost,
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
      FROM charge WHERE transaction_id = checked;
    IF posted <> charged OR posted.strays <> 0 THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Transaction %s: postings %s differ from charges %s (revenue, cost, rows of another organisation or currency).',
        checked, posted, charged);
    END IF;
  END $$;

  CREATE FUNCTION check_posting() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM ledger.check_transaction(NEW.transaction_id);
    RETURN NULL;
  END $$;
  -- At commit, because the charges come after the postings.
  CREATE CONSTRAINT TRIGGER matches_charges AFTER INSERT ON posting DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_posting();
  ALTER TABLE posting ENABLE ALWAYS TRIGGER matches_charges;

  CREATE FUNCTION check_charges() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM ledger.check_transaction(transaction_id)
      FROM (SELECT DISTINCT transaction_id FROM booked WHERE transaction_id IS NOT NULL) AS joined;
    RETURN NULL;
  END $$;
  CREATE TRIGGER matches_postings AFTER INSERT ON charge REFERENCING NEW TABLE AS booked
    FOR EACH STATEMENT EXECUTE FUNCTION check_charges();
  ALTER TABLE charge ENABLE ALWAYS TRIGGER matches_postings;`;

const entries = `
  -- The two sides of every posting, as an accountant reads them.
  CREATE VIEW entry AS
    SELECT p.org_id, p.transaction_id, p.id AS posting_id, 'debit' AS side, p.debit_account AS account_id,
      p.currency, p.amount FROM posting p
    UNION ALL
    SELECT p.org_id, p.transaction_id, p.id, 'credit', p.credit_account, p.currency, p.amount FROM posting p;`;

const grants = `
  GRANT SELECT ON account, transaction, posting, charge, balance, entry TO tollgate_ledger;
  GRANT INSERT (org_id, name, kind, currency) ON account TO tollgate_ledger;
  GRANT INSERT (org_id, currency, kind, idempotency_key, effective_at) ON transaction TO tollgate_ledger;
  GRANT INSERT (transaction_id, org_id, currency, debit_account, credit_account, amount) ON posting TO tollgate_ledger;
  -- Everything but booked_at.
  GRANT INSERT (org_id, event_id, usage_hash, status, effective_at, usage_sequence, usage_index, request_id, team_id,
    project_id, key_id, channel_id, provider, model, price_version, quantity, currency, amount, cost, lines,
    transaction_id, reason_code, reason_detail) ON charge TO tollgate_ledger;`;
