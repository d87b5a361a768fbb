import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Price books are immutable: other prices are another version, and an event is rated with the one it names, for ever. */
export class Pricing1795212200000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE pricing.price_book (
        version text COLLATE "C" PRIMARY KEY CHECK (version <> ''),
        published_at timestamptz NOT NULL,
        tariffs jsonb NOT NULL,
        stored_at timestamptz NOT NULL DEFAULT now()
      );

      CREATE FUNCTION pricing.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE restrict_violation USING MESSAGE = format(
          '%s on pricing.%s: a price book never changes. Publish the new prices as a new version.',
          TG_OP, TG_TABLE_NAME);
      END $$;
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pricing.price_book
        FOR EACH STATEMENT EXECUTE FUNCTION pricing.refuse_change();
      ALTER TABLE pricing.price_book ENABLE ALWAYS TRIGGER append_only;

      GRANT SELECT, INSERT ON pricing.price_book TO tollgate_pricing;`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE pricing.price_book; DROP FUNCTION pricing.refuse_change');
  }
}
