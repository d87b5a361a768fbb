import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many transactions stand in each month, kept by the database itself: counting them would read the whole book. */
export class LedgerPeriodTotals1795870100000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger; ${totals}; SET LOCAL search_path TO DEFAULT`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger;
      DROP TRIGGER period_totals ON transaction;
      DROP TABLE period_total;
      DROP FUNCTION add_to_period_totals;
      SET LOCAL search_path TO DEFAULT`);
  }
}

const counted = (of: string) => `
  SELECT period, count(*), count(*) FILTER (WHERE belongs_to < period) FROM ${of} GROUP BY period`;

const totals = `
  CREATE TABLE period_total (
    period date PRIMARY KEY,
    transactions bigint NOT NULL CHECK (transactions > 0),
    -- Of these, how many happened in a month that was closed already.
    late bigint NOT NULL CHECK (late BETWEEN 0 AND transactions)
  ) WITH (fillfactor = 50);

  -- One writer at a time: stamp_transaction takes its turn, so no two wait for the same month's row.
  CREATE FUNCTION add_to_period_totals() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  BEGIN
    INSERT INTO period_total AS t (period, transactions, late) ${counted('posted')}
    ON CONFLICT (period) DO UPDATE
      SET transactions = t.transactions + excluded.transactions, late = t.late + excluded.late;
    RETURN NULL;
  END $$;
  CREATE TRIGGER period_totals AFTER INSERT ON transaction REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION add_to_period_totals();
  ALTER TABLE transaction ENABLE ALWAYS TRIGGER period_totals;

  INSERT INTO period_total (period, transactions, late) ${counted('transaction')};
  GRANT SELECT ON period_total TO tollgate_ledger, tollgate_ledger_reader`;
