import type { MigrationInterface, QueryRunner } from 'typeorm';
import { type Chained, chainRows, micros } from './1795820200000-ledger-chain.js';

/**
 * What bounds admission: budgets by calendar period with what was spent of them, and leases, which hold a part of a
 * wallet and of budgets for a relay until it is booked, settled or out of time. Nothing here moves money.
 */
export class LedgerLeases1795840000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [budgets, spending, leases]) await db.query(`SET LOCAL search_path = ledger; ${part}`);
    for (const of of budgetTables) {
      await db.query(`SET LOCAL search_path = ledger; ${appendOnly(of.table)} ${chainRows(of)}`);
    }
    await db.query(`SET LOCAL search_path = ledger; ${grants}`);
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      DROP TABLE lease_call, lease, budget_alert, budget_spent;
      DROP VIEW budget_in_force;
      DROP TABLE budget_revision, budget;
      DROP FUNCTION ${budgetTables.map(({ table }) => `chain_${table}`).join(', ')};
      SET LOCAL search_path TO DEFAULT`);
  }
}

const budgets = `
  -- What it counts never changes: for another scope, currency or period there is another budget.
  CREATE TABLE budget (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    scope text NOT NULL CHECK (scope IN ('organisation', 'team', 'project', 'key')),
    -- Of an organisation's budget: the organisation.
    scope_id text COLLATE "C" NOT NULL CHECK (scope <> 'organisation' OR scope_id = org_id),
    currency currency NOT NULL,
    period text NOT NULL CHECK (period IN ('day', 'week', 'month', 'quarter', 'year', 'total')),
    -- IANA name: where the period's midnight is.
    time_zone text NOT NULL,
    -- The start of the period in which it was created: that one counts whole, those before it not at all.
    counts_from timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, id)
  );
  CREATE INDEX budget_of_scope ON budget (org_id, currency, scope, scope_id);

  -- The latest row holds.
  CREATE TABLE budget_revision (
    org_id text COLLATE "C" NOT NULL,
    budget_id text COLLATE "C" NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    -- Of the request that made it: the same request again makes no other.
    request_id text COLLATE "C" NOT NULL,
    amount pico NOT NULL CHECK (amount >= 0),
    -- hard: refuses admission when nothing is left. soft: tells.
    enforcement text NOT NULL CHECK (enforcement IN ('hard', 'soft')),
    -- Percent of the amount.
    thresholds integer[] NOT NULL,
    archived boolean NOT NULL DEFAULT false,
    revised_at timestamptz NOT NULL DEFAULT now(),
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (org_id, budget_id, number),
    UNIQUE (org_id, budget_id, request_id),
    FOREIGN KEY (org_id, budget_id) REFERENCES budget (org_id, id)
  );

  CREATE VIEW budget_in_force AS
    SELECT b.org_id, b.id, b.scope, b.scope_id, b.currency, b.period, b.time_zone, b.counts_from, b.created_at,
      r.number AS revision, r.amount, r.enforcement, r.thresholds, r.archived, r.revised_at
    FROM budget b CROSS JOIN LATERAL (
      SELECT number, amount, enforcement, thresholds, archived, revised_at FROM budget_revision
      WHERE (org_id, budget_id) = (b.org_id, b.id) ORDER BY number DESC LIMIT 1
    ) AS r;`;

const spending = `
  -- A projection of charges and adjustments: it can be proved from them, and built again.
  CREATE TABLE budget_spent (
    org_id text COLLATE "C" NOT NULL,
    budget_id text COLLATE "C" NOT NULL,
    -- Half-open: a boundary belongs to the period that it starts.
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL CHECK (period_end > period_start),
    spent pico_total NOT NULL,
    PRIMARY KEY (org_id, budget_id, period_start),
    FOREIGN KEY (org_id, budget_id) REFERENCES budget (org_id, id)
  ) WITH (fillfactor = 50);

  -- The key is what raises an alert once.
  CREATE TABLE budget_alert (
    id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    org_id text COLLATE "C" NOT NULL,
    budget_id text COLLATE "C" NOT NULL,
    period_start timestamptz NOT NULL,
    period_end timestamptz NOT NULL,
    threshold integer NOT NULL,
    -- As they were when it was raised.
    amount pico NOT NULL,
    spent pico_total NOT NULL,
    -- Not the database transaction's time, which may have waited for its turn: in the order in which they were raised.
    raised_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When ALERTS had it.
    published_at timestamptz,
    PRIMARY KEY (org_id, budget_id, period_start, threshold),
    FOREIGN KEY (org_id, budget_id) REFERENCES budget (org_id, id)
  );
  CREATE INDEX budget_alert_by_time ON budget_alert (org_id, raised_at, id);
  CREATE INDEX budget_alert_unpublished ON budget_alert (raised_at) WHERE published_at IS NULL;`;

const leases = `
  -- What is still held is amount - used, while expires_at is ahead and as long as that is above zero.
  CREATE TABLE lease (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    relay_id text NOT NULL,
    wallet_id text COLLATE "C" NOT NULL,
    team_id text COLLATE "C" NOT NULL,
    project_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    -- Granted so far, or what a settled lease comes to in all.
    amount pico_total NOT NULL CHECK (amount >= 0),
    -- Booked under it, also after its end: usage that happened is always posted.
    used pico_total NOT NULL DEFAULT 0 CHECK (used >= 0),
    granted_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (org_id, id)
  ) WITH (fillfactor = 50);
  CREATE INDEX lease_holding ON lease (org_id, currency, expires_at) WHERE amount > used;
  CREATE INDEX lease_expired ON lease (expires_at);

  -- What was answered, so that the same call again is answered the same.
  CREATE TABLE lease_call (
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    request jsonb NOT NULL,
    answer jsonb NOT NULL,
    answered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, id)
  );
  CREATE INDEX lease_call_by_time ON lease_call (answered_at);`;

/** What stands in the chain from here on: see the migration of the chain. */
export const budgetTables: readonly Chained[] = [
  {
    table: 'budget',
    key: ['org_id', 'id'],
    fields: [
      ...['org_id', 'id', 'scope', 'scope_id', 'currency', 'period', 'time_zone', 'counts_from'],
      ...[micros('created_at'), 'xid'],
    ],
    knownAt: 'created_at',
  },
  {
    table: 'budget_revision',
    key: ['org_id', 'budget_id', 'number'],
    fields: [
      ...['org_id', 'budget_id', 'number', 'request_id', 'amount', 'enforcement', 'thresholds', 'archived'],
      ...[micros('revised_at'), 'xid'],
    ],
    knownAt: 'revised_at',
  },
];

const appendOnly = (table: string) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`;

const grants = `
  GRANT SELECT ON budget, budget_revision, budget_in_force, budget_spent, budget_alert, lease, lease_call
    TO tollgate_ledger;
  GRANT INSERT (org_id, id, scope, scope_id, currency, period, time_zone, counts_from) ON budget TO tollgate_ledger;
  GRANT INSERT (org_id, budget_id, number, request_id, amount, enforcement, thresholds, archived)
    ON budget_revision TO tollgate_ledger;
  -- Built again: what differs is deleted and summed anew.
  GRANT INSERT, DELETE, UPDATE (spent) ON budget_spent TO tollgate_ledger;
  GRANT INSERT (org_id, budget_id, period_start, period_end, threshold, amount, spent), UPDATE (published_at)
    ON budget_alert TO tollgate_ledger;
  GRANT INSERT, DELETE, UPDATE (amount, used, expires_at, settled_at) ON lease TO tollgate_ledger;
  GRANT INSERT, DELETE ON lease_call TO tollgate_ledger;`;
