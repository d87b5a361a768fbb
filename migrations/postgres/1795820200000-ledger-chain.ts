import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The hash chain. Every row of the book gets a leaf when it is written, SHA-256 over its length-prefixed fields; every
 * database transaction seals its leaves into one block, which holds the hash of the block before. Rows, leaves and
 * blocks are written by triggers, so nothing stands in the book outside the chain, whoever wrote it. Who rewrites a row
 * and its leaf and its block has to rewrite all later blocks, and then differs from the heads that were published.
 */
export class LedgerChain1795820200000 implements MigrationInterface {
  async up(db: QueryRunner): Promise<void> {
    await db.query(`SET LOCAL search_path = ledger; ${chain}`);
    for (const table of chained) await db.query(`SET LOCAL search_path = ledger; ${chainRows(table)}`);
    await db.query(`SET LOCAL search_path = ledger; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO';
      ${genesis} ${grants}`);
    await db.query('SET LOCAL search_path TO DEFAULT; SET LOCAL timezone TO DEFAULT; SET LOCAL datestyle TO DEFAULT');
  }

  async down(db: QueryRunner): Promise<void> {
    for (const { table } of chained) {
      await db.query(`DROP TRIGGER chained ON ledger.${table}; DROP FUNCTION ledger.chain_${table}()`);
    }
    await db.query(`
      DROP FUNCTION ledger.hash_of_block;
      DROP TABLE ledger.block, ledger.leaf_page;
      DROP FUNCTION ledger.seal_block, ledger.link_block, ledger.stamp_page;
      ALTER TABLE ledger.account DROP COLUMN xid;
      ALTER TABLE ledger.posting DROP COLUMN xid;`);
  }
}

export interface Chained {
  readonly table: string;
  /** The columns that identify a row: leaves stand in their order. */
  readonly key: readonly string[];
  /** Every column as text. The verifier reads these very expressions: see apps/ledger/chain. */
  readonly fields: readonly string[];
  /** The column that says when the book knew, which is the time of the block and nobody's choice. */
  readonly knownAt?: string;
}

export const micros = (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint`;
const hex = (column: string) => `encode(${column}, 'hex')`;

export const chained: readonly Chained[] = [
  { table: 'account', key: ['id'], fields: ['id', 'org_id', 'name', 'kind', 'currency', 'xid'] },
  {
    table: 'transaction',
    key: ['id'],
    fields: [
      ...['id', 'org_id', 'currency', 'kind', 'idempotency_key', micros('effective_at'), micros('posted_at')],
      ...['period', 'belongs_to', 'corrects', 'memo', 'xid'],
    ],
    knownAt: 'posted_at',
  },
  {
    table: 'posting',
    key: ['id'],
    fields: ['id', 'transaction_id', 'org_id', 'currency', 'debit_account', 'credit_account', 'amount', 'xid'],
  },
  {
    table: 'charge',
    key: ['org_id', 'event_id'],
    fields: [
      ...['org_id', 'event_id', hex('usage_hash'), 'status', micros('effective_at'), micros('booked_at')],
      ...['usage_sequence', 'usage_index', 'request_id', 'team_id', 'project_id', 'key_id', 'channel_id', 'provider'],
      ...['model', 'price_version', 'quantity', 'currency', 'amount', 'cost', 'lines', 'transaction_id'],
      ...['reason_code', 'reason_detail', 'xid'],
    ],
    knownAt: 'booked_at',
  },
  {
    table: 'adjustment',
    key: ['org_id', 'event_id', 'number'],
    fields: [
      ...['org_id', 'event_id', 'number', 'currency', 'amount', 'cost', 'price_version', 'reason'],
      ...[micros('booked_at'), 'transaction_id', 'xid'],
    ],
    knownAt: 'booked_at',
  },
  {
    table: 'period_close',
    key: ['period'],
    fields: ['period', micros('closed_at'), 'closed_by', 'xid'],
    knownAt: 'closed_at',
  },
];

const chain = `
  ALTER TABLE account ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();
  ALTER TABLE posting ADD COLUMN xid xid8 NOT NULL DEFAULT pg_current_xact_id();

  -- The leaves of one statement's rows of one table, 32 bytes each, in the order of the rows' keys.
  CREATE TABLE leaf_page (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    source text NOT NULL,
    leaves bytea NOT NULL CHECK (octet_length(leaves) % 32 = 0)
  );
  CREATE INDEX leaf_page_of_block ON leaf_page (xid, id);

  CREATE FUNCTION stamp_page() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  BEGIN
    NEW.xid := pg_current_xact_id();
    RETURN NEW;
  END $$;
  CREATE TRIGGER stamp BEFORE INSERT ON leaf_page FOR EACH ROW EXECUTE FUNCTION stamp_page();
  ALTER TABLE leaf_page ENABLE ALWAYS TRIGGER stamp;

  CREATE TABLE block (
    height bigint PRIMARY KEY CHECK (height >= 0),
    xid xid8 NOT NULL UNIQUE,
    sealed_at timestamptz NOT NULL,
    -- The last page that the hash covers: a page that comes after it is refused.
    last_page bigint NOT NULL,
    previous bytea NOT NULL CHECK (octet_length(previous) = 32),
    hash bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32)
  );

  CREATE FUNCTION hash_of_block(sealed block) RETURNS bytea
  LANGUAGE sql STABLE SET search_path = ledger, pg_temp SET client_encoding = 'UTF8' AS $$
    SELECT sha256(record_send(ROW(sealed.height::text, sealed.xid::text, ${micros('sealed.sealed_at')}::text,
      encode(sealed.previous, 'hex'),
      (SELECT string_agg(source || ' ' || encode(sha256(leaves), 'hex'), E'\\n' ORDER BY id)
       FROM leaf_page WHERE xid = sealed.xid))));
  $$;

  -- A block says nothing of its own choice: whoever inserts one, it continues the chain with what this transaction wrote.
  CREATE FUNCTION link_block() RETURNS trigger LANGUAGE plpgsql SET search_path = ledger, pg_temp AS $$
  DECLARE
    head block;
  BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'The book is written in READ COMMITTED only: a %s transaction may not see the head of the chain, nor that a month has closed.',
        upper(current_setting('transaction_isolation')));
    END IF;
    PERFORM pg_advisory_xact_lock(${0x6c656467});
    SELECT * INTO head FROM block ORDER BY height DESC LIMIT 1;
    NEW.height := coalesce(head.height + 1, 0);
    NEW.xid := pg_current_xact_id();
    NEW.sealed_at := now();
    NEW.last_page := (SELECT max(id) FROM leaf_page WHERE xid = pg_current_xact_id());
    NEW.previous := coalesce(head.hash, decode(repeat('00', 32), 'hex'));
    NEW.hash := hash_of_block(NEW);
    RETURN NEW;
  END $$;
  CREATE TRIGGER linked BEFORE INSERT ON block FOR EACH ROW EXECUTE FUNCTION link_block();
  ALTER TABLE block ENABLE ALWAYS TRIGGER linked;

  CREATE FUNCTION seal_block() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  DECLARE
    sealed_page bigint;
  BEGIN
    -- Fires for every page at commit: the first seals all of them.
    SELECT last_page INTO sealed_page FROM block WHERE xid = pg_current_xact_id();
    IF NOT FOUND THEN
      INSERT INTO block DEFAULT VALUES;
    ELSIF NEW.id > sealed_page THEN
      -- Also where the server counts its transactions anew, as after a restore by pg_dump: two would share a block.
      RAISE integrity_constraint_violation USING MESSAGE = format(
        'Database transaction %s has its block already: nothing can be added to it. Do not SET CONSTRAINTS in it.',
        pg_current_xact_id());
    END IF;
    RETURN NULL;
  END $$;
  CREATE CONSTRAINT TRIGGER sealed AFTER INSERT ON leaf_page DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION seal_block();
  ALTER TABLE leaf_page ENABLE ALWAYS TRIGGER sealed;
  ${['block', 'leaf_page']
    .map(
      (table) => `
  CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only;`,
    )
    .join('')}`;

/**
 * record_send is Postgres' own binary form of a row: the number of fields, then of each its type (25, text), its length
 * (-1 for NULL) and its bytes.
 */
const leafOf = ({ fields }: Chained) =>
  `sha256(record_send(ROW(${fields.map((field) => `(${field})::text`).join(', ')})))`;

/** For tables that later migrations add to the book: the triggers that put their rows into the chain. */
export function chainRows(of: Chained): string {
  const { table, key, knownAt } = of;
  return `
  -- Text is hashed in one encoding, time in one zone and style, whatever the session that writes.
  CREATE FUNCTION chain_${table}() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp
  SET client_encoding = 'UTF8' SET timezone = 'UTC' SET datestyle = 'ISO' AS $$
  BEGIN
    IF EXISTS (SELECT FROM written WHERE xid <> pg_current_xact_id()${knownAt === undefined ? '' : ` OR ${knownAt} <> now()`}) THEN
      RAISE integrity_constraint_violation USING MESSAGE = 'A row of ledger.${table} names another database transaction or time than its own.';
    END IF;
    INSERT INTO leaf_page (source, leaves)
      SELECT '${table}', string_agg(${leafOf(of)}, '' ORDER BY ${key.join(', ')}) FROM written HAVING count(*) > 0;
    RETURN NULL;
  END $$;
  CREATE TRIGGER chained AFTER INSERT ON ${table} REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION chain_${table}();
  ALTER TABLE ${table} ENABLE ALWAYS TRIGGER chained;`;
}

/**
 * What stood in the book before there was a chain is its first block: each row's xid says who wrote it, the leaf that it
 * was there. In pages of the size of a large batch.
 */
const genesis = chained
  .map(
    (of) => `INSERT INTO leaf_page (source, leaves)
      SELECT '${of.table}', string_agg(leaf, '' ORDER BY place) FROM (
        SELECT ${leafOf(of)} AS leaf, row_number() OVER (ORDER BY ${of.key.join(', ')}) AS place FROM ${of.table}
      ) AS stood GROUP BY (place - 1) / 5000 ORDER BY (place - 1) / 5000;`,
  )
  .join('\n');

const grants = `GRANT SELECT ON block, leaf_page TO tollgate_ledger;`;
