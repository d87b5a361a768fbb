import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Chained, chainRows, micros } from './1795820200000-ledger-chain.js';

/**
 * Invoices and what they are made with: profiles, tax rates. The database keeps what an auditor asks first: numbers without
 * gaps, lines that add up to their invoice, the remainder of rounding posted. A final invoice never changes.
 */
export class LedgerInvoices1795850000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [profiles, invoices, movements]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    for (const of of invoiceTables) {
      await db.query(`SET LOCAL search_path = ledger; ${appendOnly(of.table)} ${chainRows(of)}`);
    }
    for (const part of [numbers, wholeInvoices, grants]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    const tables = invoiceTables.map(({ table }) => table);
    await db.query(`SET LOCAL search_path = ledger;
      DROP TABLE invoice_draft, ${tables.toReversed().join(', ')};
      DROP FUNCTION ${tables.map((table) => `chain_${table}`).join(', ')}, stamp_document, check_document_parts,
        check_invoice;
      ALTER TABLE movement DISABLE TRIGGER append_only;
      DELETE FROM movement WHERE 'tax-included' IN (debit, credit)
        OR kind = 'invoice' AND (debit = 'tax-payable' OR debit = 'unbilled-receivable');
      ALTER TABLE movement ENABLE ALWAYS TRIGGER append_only;
      SET LOCAL search_path TO DEFAULT`);
  }
}

export const identifier = `text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$')`;

/** The latest row of an issuer, an organisation or a tax holds; documents name the row that they were made with. */
const profiles = `
  CREATE TABLE issuer_profile (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer_id text COLLATE "C" NOT NULL,
    legal_name text NOT NULL,
    address text NOT NULL,
    tax_id text,
    -- What the issuer's numbers begin with.
    number_prefix text NOT NULL CHECK (number_prefix ~ '^[A-Z0-9]{1,12}$'),
    set_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (number, issuer_id)
  );
  CREATE INDEX issuer_profile_latest ON issuer_profile (issuer_id, number DESC);

  CREATE TABLE billing_profile (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL,
    -- Who invoices the organisation.
    issuer_id text COLLATE "C" NOT NULL,
    legal_name text NOT NULL,
    address text NOT NULL,
    email text,
    tax_id text,
    -- Where it is taxed, or why it is not: nobody is untaxed by saying nothing.
    jurisdiction text COLLATE "C",
    tax_exemption text,
    set_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK (num_nulls(jurisdiction, tax_exemption) = 1),
    UNIQUE (number, org_id)
  );
  CREATE INDEX billing_profile_latest ON billing_profile (org_id, number DESC);

  CREATE TABLE tax_rate (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jurisdiction text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    -- 0.19 is 19 %.
    rate numeric NOT NULL CHECK (rate BETWEEN 0 AND 10 AND rate = round(rate, 12)),
    mode text NOT NULL CHECK (mode IN ('exclusive', 'inclusive')),
    -- The first day of usage that it holds for.
    valid_from date NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
  );
  CREATE INDEX tax_rate_latest ON tax_rate (jurisdiction, name, valid_from DESC, number DESC);`;

const invoices = `
  -- Recomputed freely: it is nothing yet, so it has no number and stands in no chain.
  CREATE TABLE invoice_draft (
    org_id text COLLATE "C" NOT NULL,
    id ${identifier},
    currency currency NOT NULL,
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day > from_day),
    content jsonb NOT NULL,
    computed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
  );

  CREATE TABLE invoice (
    org_id text COLLATE "C" NOT NULL,
    id ${identifier},
    currency currency NOT NULL,
    -- Days in UTC, half-open.
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day > from_day),
    -- The newest block of the book when it was computed.
    through_block bigint NOT NULL,
    issuer_id text COLLATE "C" NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    issuer_profile bigint NOT NULL,
    billing_profile bigint NOT NULL,
    -- Σ lines, exactly, and each rounded to the minor unit.
    exact pico_total NOT NULL,
    rounded pico_total NOT NULL,
    -- Rounded lines and the tax on top of them.
    total pico_total NOT NULL,
    -- How much of it wallets and credits have paid, and how much is owed.
    prepaid pico_total NOT NULL,
    due pico_total NOT NULL,
    -- What promotional credits and wallets had paid for the usage itself.
    paid_by_credits pico_total NOT NULL,
    paid_by_wallets pico_total NOT NULL,
    line_count integer NOT NULL CHECK (line_count >= 1),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    -- The reconciliation that allowed it, or who overrode that, and why.
    evidence jsonb NOT NULL,
    transaction_id bigint NOT NULL UNIQUE,
    issued_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id),
    UNIQUE (org_id, id, currency),
    UNIQUE (issuer_id, year, number),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency),
    FOREIGN KEY (issuer_profile, issuer_id) REFERENCES issuer_profile (number, issuer_id),
    FOREIGN KEY (billing_profile, org_id) REFERENCES billing_profile (number, org_id)
  );
  CREATE INDEX invoice_by_time ON invoice (org_id, issued_at, id);

  CREATE TABLE invoice_line (
    org_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    -- Of usage that was too late for the invoice of its days.
    late_month text COLLATE "C" CHECK (late_month ~ '^\\d{4}-\\d{2}$'),
    team_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    -- Absent: adjustments.
    dimension text COLLATE "C",
    unit_price pico,
    quantity numeric NOT NULL CHECK (quantity >= 0 AND quantity = trunc(quantity)),
    amount pico_total NOT NULL,
    rounded pico_total NOT NULL,
    -- How many charges or adjustments, and the Merkle root over them.
    count bigint NOT NULL CHECK (count >= 1),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((dimension IS NULL) = (unit_price IS NULL)),
    PRIMARY KEY (org_id, invoice_id, number),
    FOREIGN KEY (org_id, invoice_id) REFERENCES invoice (org_id, id)
  );

  CREATE TABLE invoice_tax (
    org_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    jurisdiction text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    rate numeric NOT NULL CHECK (rate >= 0),
    mode text NOT NULL CHECK (mode IN ('exclusive', 'inclusive')),
    base pico_total NOT NULL,
    amount pico_total NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, invoice_id, number),
    FOREIGN KEY (org_id, invoice_id) REFERENCES invoice (org_id, id)
  );

  -- What the invoice took: transactions of these days in the blocks after one up to and with another.
  CREATE TABLE invoice_coverage (
    org_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    currency currency NOT NULL,
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day > from_day),
    after_block bigint NOT NULL CHECK (after_block >= -1),
    through_block bigint NOT NULL CHECK (through_block > after_block),
    late boolean NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, invoice_id, number),
    FOREIGN KEY (org_id, invoice_id, currency) REFERENCES invoice (org_id, id, currency)
  );`;

/**
 * The tax that prices contain goes out of revenue, by an account of its own: usage revenue is Σ charges. And an invoice
 * on which corrections gave back more than was used goes the other way.
 */
const movements = `
  INSERT INTO movement (kind, debit, credit) VALUES
    ('invoice', 'tax-included', 'tax-payable'),
    ('invoice', 'tax-payable', 'tax-included'),
    ('invoice', 'tax-payable', 'receivable'),
    ('invoice', 'tax-payable', 'customer-wallet'),
    ('invoice', 'unbilled-receivable', 'receivable'),
    ('correction', 'tax-included', 'tax-payable'),
    ('correction', 'tax-payable', 'tax-included');`;

export const hex = (column: string) => `encode(${column}, 'hex')`;

/** What stands in the chain from here on, what is referred to before what refers to it. */
export const invoiceTables: readonly Chained[] = [
  {
    table: 'issuer_profile',
    key: ['number'],
    fields: ['number', 'issuer_id', 'legal_name', 'address', 'tax_id', 'number_prefix', micros('set_at'), 'xid'],
    knownAt: 'set_at',
  },
  {
    table: 'billing_profile',
    key: ['number'],
    fields: [
      ...['number', 'org_id', 'issuer_id', 'legal_name', 'address', 'email', 'tax_id', 'jurisdiction'],
      ...['tax_exemption', micros('set_at'), 'xid'],
    ],
    knownAt: 'set_at',
  },
  {
    table: 'tax_rate',
    key: ['number'],
    fields: ['number', 'jurisdiction', 'name', 'rate', 'mode', 'valid_from', micros('set_at'), 'xid'],
    knownAt: 'set_at',
  },
  {
    table: 'invoice',
    key: ['org_id', 'id'],
    fields: [
      ...['org_id', 'id', 'currency', 'from_day', 'to_day', 'through_block', 'issuer_id', 'year', 'number'],
      ...['issuer_profile', 'billing_profile', 'exact', 'rounded', 'total', 'prepaid', 'due', 'paid_by_credits'],
      ...['paid_by_wallets', 'line_count', hex('root'), 'evidence', 'transaction_id', micros('issued_at'), 'xid'],
    ],
    knownAt: 'issued_at',
  },
  {
    table: 'invoice_line',
    key: ['org_id', 'invoice_id', 'number'],
    fields: [
      ...['org_id', 'invoice_id', 'number', 'late_month', 'team_id', 'project_id', 'model', 'dimension'],
      ...['unit_price', 'quantity', 'amount', 'rounded', 'count', hex('root'), 'xid'],
    ],
  },
  {
    table: 'invoice_tax',
    key: ['org_id', 'invoice_id', 'number'],
    fields: ['org_id', 'invoice_id', 'number', 'jurisdiction', 'name', 'rate', 'mode', 'base', 'amount', 'xid'],
  },
  {
    table: 'invoice_coverage',
    key: ['org_id', 'invoice_id', 'number'],
    fields: [
      ...['org_id', 'invoice_id', 'number', 'currency', 'from_day', 'to_day', 'after_block', 'through_block'],
      ...['late', 'xid'],
    ],
  },
];

export const appendOnly = (table: string) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`;

/** A document with a number of its own. */
export const numbered = (table: string) => `
  CREATE TRIGGER stamp BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION stamp_document();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER stamp;`;

const numbers = `
  -- Nobody chooses a number: it is the next one of its issuer and year, under the writers' lock, and gone with a rollback.
  CREATE FUNCTION stamp_document() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  BEGIN
    PERFORM pg_advisory_xact_lock(${0x6c656467});
    NEW.xid := pg_current_xact_id();
    NEW.issued_at := now();
    NEW.year := extract(year FROM now() AT TIME ZONE 'UTC');
    EXECUTE format('SELECT coalesce(max(number), 0) + 1 FROM %I WHERE (issuer_id, year) = ($1, $2)', TG_TABLE_NAME)
      INTO NEW.number USING NEW.issuer_id, NEW.year;
    RETURN NEW;
  END $$;
  ${numbered('invoice')}

  -- Lines, taxes and coverage are written with their invoice, and never after it.
  CREATE FUNCTION check_document_parts() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE wrong text;
  BEGIN
    IF TG_TABLE_NAME = 'credit_note_tax' THEN
      SELECT w.credit_note_id INTO wrong FROM written w LEFT JOIN credit_note c
        ON (c.org_id, c.id, c.xid) = (w.org_id, w.credit_note_id, pg_current_xact_id()) WHERE c.id IS NULL;
    ELSE
      SELECT w.invoice_id INTO wrong FROM written w LEFT JOIN invoice i
        ON (i.org_id, i.id, i.xid) = (w.org_id, w.invoice_id, pg_current_xact_id()) WHERE i.id IS NULL;
    END IF;
    IF wrong IS NOT NULL THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        '%s is not open: only the database transaction that wrote it may add to it.', wrong);
    END IF;
    RETURN NULL;
  END $$;`;

/** A part of an invoice or credit note: it is written with it, and never after it. */
export const writtenWithDocument = (table: string) => `
  CREATE TRIGGER with_document AFTER INSERT ON ${table} REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION check_document_parts();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER with_document;`;

const wholeInvoices = `
  ${['invoice_line', 'invoice_tax', 'invoice_coverage'].map(writtenWithDocument).join('')}

  -- At commit, because lines come after their invoice, and need not be one statement.
  CREATE FUNCTION check_invoice() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE
    lines record;
    tax record;
    posted record;
  BEGIN
    IF NEW.to_day > (now() AT TIME ZONE 'UTC')::date THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Invoice %s is for days up to %s, which are not over.', NEW.id, NEW.to_day);
    END IF;
    SELECT count(*) AS count, coalesce(sum(amount), 0) AS exact, coalesce(sum(l.rounded), 0) AS rounded INTO lines
      FROM invoice_line l WHERE (org_id, invoice_id) = (NEW.org_id, NEW.id);
    SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(amount) FILTER (WHERE mode = 'exclusive'), 0) AS added
      INTO tax FROM invoice_tax WHERE (org_id, invoice_id) = (NEW.org_id, NEW.id);
    SELECT
      coalesce(sum(CASE e.side WHEN 'credit' THEN e.amount ELSE -e.amount END) FILTER (WHERE a.name = 'rounding'), 0)
        AS rounding,
      coalesce(sum(CASE e.side WHEN 'debit' THEN e.amount ELSE -e.amount END) FILTER (WHERE a.name = 'receivable'), 0)
        AS receivable,
      coalesce(sum(CASE e.side WHEN 'credit' THEN e.amount ELSE -e.amount END)
        FILTER (WHERE split_part(a.name, ':', 1) = 'tax-payable'), 0) AS tax
      INTO posted FROM entry e JOIN account a ON a.id = e.account_id WHERE e.transaction_id = NEW.transaction_id;
    IF (lines.count, lines.exact, lines.rounded) <> (NEW.line_count, NEW.exact, NEW.rounded)
      OR NEW.total <> NEW.rounded + tax.added OR NEW.total <> NEW.prepaid + NEW.due
      OR (posted.rounding, posted.receivable, posted.tax) <> (NEW.rounded - NEW.exact, NEW.due, tax.amount) THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Invoice %s: it says %s, its lines (count, exact, rounded) %s, its taxes (all, on top) %s and its transaction (rounding, receivable, tax) %s.',
        NEW.id, (NEW.line_count, NEW.exact, NEW.rounded, NEW.total, NEW.prepaid, NEW.due), lines, tax, posted);
    END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT ON invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION check_invoice();
  ALTER TABLE invoice ENABLE ALWAYS TRIGGER adds_up;`;

const grants = `
  GRANT SELECT ON ${invoiceTables.map(({ table }) => table).join(', ')}, invoice_draft TO tollgate_ledger;
  GRANT INSERT, DELETE ON invoice_draft TO tollgate_ledger;
  GRANT INSERT (issuer_id, legal_name, address, tax_id, number_prefix) ON issuer_profile TO tollgate_ledger;
  GRANT INSERT (org_id, issuer_id, legal_name, address, email, tax_id, jurisdiction, tax_exemption)
    ON billing_profile TO tollgate_ledger;
  GRANT INSERT (jurisdiction, name, rate, mode, valid_from) ON tax_rate TO tollgate_ledger;
  GRANT INSERT (org_id, id, currency, from_day, to_day, through_block, issuer_id, issuer_profile, billing_profile, exact,
    rounded, total, prepaid, due, paid_by_credits, paid_by_wallets, line_count, root, evidence, transaction_id)
    ON invoice TO tollgate_ledger;
  GRANT INSERT (org_id, invoice_id, number, late_month, team_id, project_id, model, dimension, unit_price, quantity,
    amount, rounded, count, root) ON invoice_line TO tollgate_ledger;
  GRANT INSERT (org_id, invoice_id, number, jurisdiction, name, rate, mode, base, amount)
    ON invoice_tax TO tollgate_ledger;
  GRANT INSERT (org_id, invoice_id, number, currency, from_day, to_day, after_block, through_block, late)
    ON invoice_coverage TO tollgate_ledger;`;
