import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which grants have something left, so that who looks for those need not read every grant ever made. As balances are, it
 * is kept by the database itself. Not an index on balance: that would cost every balance its cheap (HOT) updates.
 */
export class LedgerOpenGrants1795870000000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    for (const part of [openGrants, keeping, filling, grants]) {
      await db.query(`SET LOCAL search_path = ledger; ${part}`);
    }
    await db.query('SET LOCAL search_path TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      DROP TRIGGER open_grants ON posting;
      DROP TRIGGER open_grants ON credit_grant;
      DROP FUNCTION keep_open_grants, open_new_grants, grants_with_something_left;
      DROP TABLE open_grant;
      SET LOCAL search_path TO DEFAULT`);
  }
}

const openGrants = `
  CREATE TABLE open_grant (
    account_id bigint PRIMARY KEY REFERENCES account,
    org_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    currency currency NOT NULL,
    -- From then on what is left is to be posted back: its expiry, or when it was revoked.
    ends_at timestamptz NOT NULL,
    FOREIGN KEY (org_id, id) REFERENCES credit_grant (org_id, id)
  );
  CREATE INDEX open_grant_of_book ON open_grant (org_id, currency);
  CREATE INDEX open_grant_by_end ON open_grant (ends_at);`;

const keeping = `
  -- Those of these accounts that are a grant's. One that was revoked has an expiry under the key of
  -- apps/ledger/wallets/read-grants.ts.
  CREATE FUNCTION grants_with_something_left(accounts bigint[]) RETURNS SETOF open_grant
  LANGUAGE sql STABLE SET search_path = ledger, pg_temp AS $$
    SELECT a.id, g.org_id, g.id, g.currency, least(coalesce(g.expires_at, 'infinity'), ended.effective_at)
    FROM account a
    JOIN balance b ON b.account_id = a.id AND b.credits > b.debits
    JOIN credit_grant g ON (g.org_id, g.id, g.currency) = (a.org_id, split_part(a.name, ':', 2), a.currency)
    LEFT JOIN transaction ended
      ON (ended.org_id, ended.idempotency_key) = (g.org_id, 'grant-expiry ' || g.id || ' 1')
    WHERE a.id = ANY (accounts) AND split_part(a.name, ':', 1) = 'customer-credits';
  $$;

  CREATE FUNCTION keep_open_grants() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  BEGIN
    DELETE FROM open_grant o USING balance b
      WHERE o.account_id IN (SELECT debit_account FROM posted)
        AND b.account_id = o.account_id AND b.credits <= b.debits;
    -- Only a correction gives something back to a grant that is there already.
    INSERT INTO open_grant
      SELECT * FROM grants_with_something_left(ARRAY(SELECT DISTINCT credit_account FROM posted))
      ON CONFLICT (account_id) DO NOTHING;
    RETURN NULL;
  END $$;
  -- Postgres runs triggers by their names: after "balances".
  CREATE TRIGGER open_grants AFTER INSERT ON posting REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION keep_open_grants();
  ALTER TABLE posting ENABLE ALWAYS TRIGGER open_grants;

  -- A grant's row comes after its posting.
  CREATE FUNCTION open_new_grants() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  BEGIN
    INSERT INTO open_grant
      SELECT * FROM grants_with_something_left(ARRAY(
        SELECT a.id FROM made g
        JOIN account a ON (a.org_id, a.name, a.currency) = (g.org_id, 'customer-credits:' || g.id, g.currency)))
      ON CONFLICT (account_id) DO NOTHING;
    RETURN NULL;
  END $$;
  CREATE TRIGGER open_grants AFTER INSERT ON credit_grant REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION open_new_grants();
  ALTER TABLE credit_grant ENABLE ALWAYS TRIGGER open_grants;`;

const filling = `
  INSERT INTO open_grant SELECT * FROM grants_with_something_left(ARRAY(SELECT id FROM account));`;

const grants = `
  GRANT SELECT ON open_grant TO tollgate_ledger, tollgate_ledger_reader;
  REVOKE EXECUTE ON FUNCTION grants_with_something_left FROM PUBLIC;`;
