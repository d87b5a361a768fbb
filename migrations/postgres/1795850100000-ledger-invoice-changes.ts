import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Chained, chainRows, micros } from './1795820200000-ledger-chain.js';
import { appendOnly, identifier, numbered, writtenWithDocument } from './1795850000000-ledger-invoices.js';

/**
 * What happens to a final invoice: it is paid, credited or void, as rows beside it. And with that, what makes sure that a
 * charge is on one standing invoice only.
 */
export class LedgerInvoiceChanges1795850100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [afterwards, states]) await db.query(`SET LOCAL search_path = ledger; ${part}`);
    for (const of of invoiceChangeTables) {
      await db.query(`SET LOCAL search_path = ledger; ${appendOnly(of.table)} ${chainRows(of)}`);
    }
    await db.query(`SET LOCAL search_path = ledger;
      ${numbered('credit_note')} ${writtenWithDocument('credit_note_tax')} ${coverage} ${changes} ${grants}
      SET LOCAL search_path TO DEFAULT`);
  }

  async down(db: QueryRunner): Promise<void> {
    const tables = invoiceChangeTables.map(({ table }) => table);
    await db.query(`SET LOCAL search_path = ledger;
      DROP TRIGGER disjoint ON invoice_coverage;
      DROP VIEW invoice_state;
      DROP TABLE ${tables.toReversed().join(', ')};
      DROP FUNCTION ${tables.map((table) => `chain_${table}`).join(', ')}, check_coverage, check_invoice_change;
      SET LOCAL search_path TO DEFAULT`);
  }
}

const afterwards = `
  CREATE TABLE invoice_payment (
    org_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    currency currency NOT NULL,
    amount pico_total NOT NULL CHECK (amount > 0),
    transaction_id bigint NOT NULL UNIQUE,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, invoice_id, number),
    FOREIGN KEY (org_id, invoice_id, currency) REFERENCES invoice (org_id, id, currency),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency)
  );

  CREATE TABLE invoice_void (
    org_id text COLLATE "C" NOT NULL,
    invoice_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    transaction_id bigint NOT NULL UNIQUE,
    voided_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, invoice_id),
    FOREIGN KEY (org_id, invoice_id, currency) REFERENCES invoice (org_id, id, currency),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency)
  );

  CREATE TABLE credit_note (
    org_id text COLLATE "C" NOT NULL,
    id ${identifier},
    invoice_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    issuer_id text COLLATE "C" NOT NULL,
    year integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    issuer_profile bigint NOT NULL,
    -- Tax in it.
    amount pico_total NOT NULL CHECK (amount > 0),
    net pico_total NOT NULL CHECK (net >= 0),
    -- Off what is owed on the invoice; the rest went to the wallet.
    taken_off pico_total NOT NULL CHECK (taken_off BETWEEN 0 AND amount),
    wallet_id text COLLATE "C" NOT NULL,
    reason text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 500),
    transaction_id bigint NOT NULL UNIQUE,
    issued_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id),
    UNIQUE (issuer_id, year, number),
    FOREIGN KEY (org_id, invoice_id, currency) REFERENCES invoice (org_id, id, currency),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency),
    FOREIGN KEY (issuer_profile, issuer_id) REFERENCES issuer_profile (number, issuer_id)
  );
  CREATE INDEX credit_note_of_invoice ON credit_note (org_id, invoice_id);

  -- How much of each tax of the invoice is in it.
  CREATE TABLE credit_note_tax (
    org_id text COLLATE "C" NOT NULL,
    credit_note_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    amount pico_total NOT NULL CHECK (amount >= 0),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, credit_note_id, number),
    FOREIGN KEY (org_id, credit_note_id) REFERENCES credit_note (org_id, id)
  );`;

const states = `
  CREATE VIEW invoice_state AS
    SELECT i.org_id, i.id, v.invoice_id IS NOT NULL AS voided, p.amount AS paid, c.amount AS credited,
      CASE WHEN v.invoice_id IS NULL THEN i.due - p.amount - c.taken_off ELSE 0 END AS outstanding
    FROM invoice i
    LEFT JOIN invoice_void v ON (v.org_id, v.invoice_id) = (i.org_id, i.id)
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS amount FROM invoice_payment WHERE (org_id, invoice_id) = (i.org_id, i.id)
    ) AS p
    CROSS JOIN LATERAL (
      SELECT coalesce(sum(amount), 0) AS amount, coalesce(sum(taken_off), 0) AS taken_off
      FROM credit_note WHERE (org_id, invoice_id) = (i.org_id, i.id)
    ) AS c;`;

/** What stands in the chain from here on: see the migration of the chain. */
export const invoiceChangeTables: readonly Chained[] = [
  {
    table: 'invoice_payment',
    key: ['org_id', 'invoice_id', 'number'],
    fields: [
      ...['org_id', 'invoice_id', 'number', 'currency', 'amount', 'transaction_id', micros('recorded_at'), 'xid'],
    ],
    knownAt: 'recorded_at',
  },
  {
    table: 'invoice_void',
    key: ['org_id', 'invoice_id'],
    fields: ['org_id', 'invoice_id', 'currency', 'reason', 'transaction_id', micros('voided_at'), 'xid'],
    knownAt: 'voided_at',
  },
  {
    table: 'credit_note',
    key: ['org_id', 'id'],
    fields: [
      ...['org_id', 'id', 'invoice_id', 'currency', 'issuer_id', 'year', 'number', 'issuer_profile', 'amount', 'net'],
      ...['taken_off', 'wallet_id', 'reason', 'transaction_id', micros('issued_at'), 'xid'],
    ],
    knownAt: 'issued_at',
  },
  {
    table: 'credit_note_tax',
    key: ['org_id', 'credit_note_id', 'number'],
    fields: ['org_id', 'credit_note_id', 'number', 'amount', 'xid'],
  },
];

const coverage = `
  CREATE FUNCTION check_coverage() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE twice record;
  BEGIN
    SELECT w.invoice_id, c.invoice_id AS other INTO twice
      FROM written w JOIN invoice_coverage c ON (c.org_id, c.currency) = (w.org_id, w.currency)
        AND c.from_day < w.to_day AND w.from_day < c.to_day
        AND c.after_block < w.through_block AND w.after_block < c.through_block
        AND (c.invoice_id, c.number) <> (w.invoice_id, w.number)
      WHERE NOT EXISTS (SELECT FROM invoice_void v WHERE (v.org_id, v.invoice_id) = (c.org_id, c.invoice_id)) LIMIT 1;
    IF FOUND THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Invoice %s takes what is on invoice %s: a charge is on one invoice only.', twice.invoice_id, twice.other);
    END IF;
    RETURN NULL;
  END $$;
  CREATE TRIGGER disjoint AFTER INSERT ON invoice_coverage REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION check_coverage();
  ALTER TABLE invoice_coverage ENABLE ALWAYS TRIGGER disjoint;`;

const changes = `
  CREATE FUNCTION check_invoice_change() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE wrong record;
  BEGIN
    SELECT i.id, s.* INTO wrong
      FROM (SELECT DISTINCT org_id, invoice_id FROM written) AS w
      JOIN invoice i ON (i.org_id, i.id) = (w.org_id, w.invoice_id)
      JOIN invoice_state s ON (s.org_id, s.id) = (w.org_id, w.invoice_id)
      WHERE (s.voided AND s.paid + s.credited <> 0) OR s.credited > greatest(i.total, 0)
        OR s.outstanding < least(i.due, 0) LIMIT 1;
    IF FOUND THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Invoice %s can be paid and credited up to what it comes to, or voided while nothing was: %s.', wrong.id, wrong);
    END IF;
    RETURN NULL;
  END $$;
  ${['invoice_payment', 'invoice_void', 'credit_note']
    .map(
      (table) => `
  CREATE TRIGGER within_invoice AFTER INSERT ON ${table} REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION check_invoice_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER within_invoice;`,
    )
    .join('')}`;

const grants = `
  GRANT SELECT ON ${invoiceChangeTables.map(({ table }) => table).join(', ')}, invoice_state TO tollgate_ledger;
  GRANT INSERT (org_id, invoice_id, number, currency, amount, transaction_id) ON invoice_payment TO tollgate_ledger;
  GRANT INSERT (org_id, invoice_id, currency, reason, transaction_id) ON invoice_void TO tollgate_ledger;
  GRANT INSERT (org_id, id, invoice_id, currency, issuer_id, issuer_profile, amount, net, taken_off, wallet_id, reason,
    transaction_id) ON credit_note TO tollgate_ledger;
  GRANT INSERT (org_id, credit_note_id, number, amount) ON credit_note_tax TO tollgate_ledger;`;
