import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Chained, chainRows, micros } from './1795820200000-ledger-chain.js';

/**
 * Wallets beside the default one, on what terms they are, whose usage they pay, and the terms of promotional grants.
 * How much is in a wallet or left of a grant stands in no table here: it is the balance of an account.
 */
export class LedgerWallets1795830000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [wallets, creditGrants, movements]) await db.query(`SET LOCAL search_path = ledger; ${part}`);
    for (const of of walletTables) {
      await db.query(`SET LOCAL search_path = ledger; ${appendOnly(of.table)} ${chainRows(of)}`);
    }
    await db.query(`SET LOCAL search_path = ledger; ${grants}`);
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      DROP TABLE credit_grant, wallet_assignment, wallet_terms, wallet;
      DROP FUNCTION ${walletTables.map(({ table }) => `chain_${table}`).join(', ')};
      ALTER TABLE movement DISABLE TRIGGER append_only;
      DELETE FROM movement WHERE (kind, debit) = ('refund', 'receivable');
      ALTER TABLE movement ENABLE ALWAYS TRIGGER append_only;
      SET LOCAL search_path TO DEFAULT`);
  }
}

const wallets = `
  -- "default" is there in every currency without a row; it gets one when something is said about it.
  CREATE TABLE wallet (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    currency currency NOT NULL,
    name text CHECK (char_length(name) BETWEEN 1 AND 200),
    opened_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id, currency)
  );
  CREATE UNIQUE INDEX wallet_has_one_currency ON wallet (org_id, id) WHERE id <> 'default';

  -- The latest row holds.
  CREATE TABLE wallet_terms (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL,
    wallet_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    kind text NOT NULL CHECK (kind IN ('prepaid', 'postpaid')),
    -- Of a postpaid wallet only: how far below zero admission lets it go.
    credit_limit pico CHECK (credit_limit >= 0),
    set_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CHECK ((credit_limit IS NOT NULL) = (kind = 'postpaid')),
    FOREIGN KEY (org_id, wallet_id, currency) REFERENCES wallet (org_id, id, currency)
  );
  CREATE INDEX wallet_terms_latest ON wallet_terms (org_id, wallet_id, currency, number DESC);

  -- Whose usage in this currency the wallet pays. The latest row of a team or project holds, a project's before its team's.
  CREATE TABLE wallet_assignment (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    payer_kind text NOT NULL CHECK (payer_kind IN ('team', 'project')),
    payer_id text COLLATE "C" NOT NULL,
    wallet_id text COLLATE "C" NOT NULL,
    assigned_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    FOREIGN KEY (org_id, wallet_id, currency) REFERENCES wallet (org_id, id, currency)
  );
  CREATE INDEX wallet_assignment_latest
    ON wallet_assignment (org_id, currency, payer_kind, payer_id, number DESC);`;

const creditGrants = `
  -- What was given and what is left of it is account customer-credits:<id>.
  CREATE TABLE credit_grant (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'),
    currency currency NOT NULL,
    -- The lower one is used first.
    priority integer NOT NULL,
    valid_from timestamptz NOT NULL,
    -- Usage at this time or later does not use it.
    expires_at timestamptz CHECK (expires_at > valid_from),
    -- The one wallet whose usage it pays; any when absent.
    wallet_id text COLLATE "C",
    transaction_id bigint NOT NULL UNIQUE,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (transaction_id, org_id, currency) REFERENCES transaction (id, org_id, currency),
    FOREIGN KEY (org_id, wallet_id, currency) REFERENCES wallet (org_id, id, currency)
  );
  CREATE INDEX credit_grant_expiry ON credit_grant (expires_at) WHERE expires_at IS NOT NULL;`;

/** A payment that was given back after its wallet had spent it. */
const movements = `INSERT INTO movement (kind, debit, credit) VALUES ('refund', 'receivable', 'cash-clearing');`;

/** What stands in the chain from here on: see the migration of the chain. */
export const walletTables: readonly Chained[] = [
  {
    table: 'wallet',
    key: ['org_id', 'id', 'currency'],
    fields: ['org_id', 'id', 'currency', 'name', micros('opened_at'), 'xid'],
  },
  {
    table: 'wallet_terms',
    key: ['number'],
    fields: ['number', 'org_id', 'wallet_id', 'currency', 'kind', 'credit_limit', micros('set_at'), 'xid'],
  },
  {
    table: 'wallet_assignment',
    key: ['number'],
    fields: ['number', 'org_id', 'currency', 'payer_kind', 'payer_id', 'wallet_id', micros('assigned_at'), 'xid'],
  },
  {
    table: 'credit_grant',
    key: ['org_id', 'id'],
    fields: [
      ...['org_id', 'id', 'currency', 'priority', micros('valid_from'), micros('expires_at'), 'wallet_id'],
      ...['transaction_id', 'xid'],
    ],
  },
];

const appendOnly = (table: string) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`;

const grants = `
  GRANT SELECT ON wallet, wallet_terms, wallet_assignment, credit_grant TO tollgate_ledger;
  GRANT INSERT (org_id, id, currency, name) ON wallet TO tollgate_ledger;
  GRANT INSERT (org_id, wallet_id, currency, kind, credit_limit) ON wallet_terms TO tollgate_ledger;
  GRANT INSERT (org_id, currency, payer_kind, payer_id, wallet_id) ON wallet_assignment TO tollgate_ledger;
  GRANT INSERT (org_id, id, currency, priority, valid_from, expires_at, wallet_id, transaction_id)
    ON credit_grant TO tollgate_ledger;`;
