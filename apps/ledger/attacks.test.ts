import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { LedgerHead } from '#contracts/ledger-head.js';
import { chained } from '#migrations/postgres/1795820200000-ledger-chain.js';
import { bookCharges } from './book-charges.js';
import type { CheckResult, Finding } from './chain/finding.js';
import { verifyLedger } from './chain/verify-ledger.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { copyBook, type CopiedBook } from './copied-book.fixture.js';
import { type TestLedger, testLedger, unsoundness } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';

let ledger: TestLedger;
/** What was published when the book was sound. */
let head: LedgerHead;

beforeAll(async () => {
  ledger = await testLedger();
  await topUpWallet(ledger.source, { orgId: 'acme', currency: 'USD', amount: '10', idempotencyKey: 'paid' });
  await topUpWallet(ledger.source, { orgId: 'acme', currency: 'EUR', amount: '1', idempotencyKey: 'euros' });
  await topUpWallet(ledger.source, { orgId: 'other', currency: 'USD', amount: '1', idempotencyKey: 'paid' });
  for (const batch of ['a', 'b', 'c']) {
    await bookCharges(
      ledger.source,
      Array.from({ length: 5 }, (_, index) =>
        deliveredCharge({ id: `${batch}${index}`, amount: BigInt(100 + index), cost: BigInt(50 + index) }),
      ),
    );
  }
  await bookCharges(ledger.source, [deliveredCharge({ id: 'unpriced' })]);
  const verification = await verifyLedger(ledger.database.url);
  expect(wrong(verification.results)).toEqual([]);
  head = verification.head!;
});
afterAll(() => ledger.close());

const wrong = (results: readonly CheckResult[]) => results.filter((result) => result.wrong > 0);
const account = (org: string, name: string, currency: string) =>
  `(SELECT id FROM ledger.account WHERE (org_id, name, currency) = ('${org}', '${name}', '${currency}'))`;
const wallet = account('acme', 'customer-wallet', 'USD');
const euros = account('acme', 'customer-wallet', 'EUR');
const theirs = account('other', 'customer-wallet', 'USD');
const cash = account('acme', 'cash-clearing', 'USD');
const revenue = account('acme', 'usage-revenue:openai', 'USD');
const open = (kind = 'top_up', key: string | null = 'gen_random_uuid()') =>
  `INSERT INTO ledger.transaction (org_id, currency, kind, idempotency_key, effective_at)
   VALUES ('acme', 'USD', '${kind}', ${key ?? 'NULL'}, now())`;
const newest = '(SELECT max(id) FROM ledger.transaction)';
const post = (debit: string, credit: string, { amount = '5', currency = 'USD', transaction = newest } = {}) =>
  `INSERT INTO ledger.posting (transaction_id, org_id, currency, debit_account, credit_account, amount)
   VALUES (${transaction}, 'acme', '${currency}', ${debit}, ${credit}, ${amount})`;
const columns = `org_id, event_id, usage_hash, status, effective_at, usage_sequence, usage_index, request_id, team_id,
  project_id, key_id, channel_id, provider, model, price_version, quantity, currency, amount, cost, lines, transaction_id`;
const charge = (event: string, amount: string, into = 'ledger.charge', effectiveAt = 'effective_at') =>
  `INSERT INTO ${into} (${columns})
   SELECT ${columns.replace('event_id', event).replace('effective_at', effectiveAt).replace(' amount, cost', ` ${amount}, 0`).replace('transaction_id', newest)}
   FROM ledger.charge WHERE event_id = 'a0'`;
const month = 'ledger.charge_2026_07';

/** Who owns the engine can switch the triggers off, and on again. */
const unguarded = (table: string, statements: string) =>
  `ALTER TABLE ledger.${table} DISABLE TRIGGER ALL; ${statements}; ${guarded(table)}`;
/** As the migrations left them, so that the guards look untouched. */
const guarded = (table: string) => `
  DO $$ DECLARE t record; BEGIN
    EXECUTE 'ALTER TABLE ledger.${table} ENABLE TRIGGER ALL';
    FOR t IN SELECT tgname FROM pg_trigger WHERE tgrelid = 'ledger.${table}'::regclass AND NOT tgisinternal LOOP
      EXECUTE format('ALTER TABLE ledger.${table} ENABLE ALWAYS TRIGGER %I', t.tgname);
    END LOOP;
  END $$`;

const off = (table: string, trigger: string) => `ALTER TABLE ledger.${table} DISABLE TRIGGER ${trigger}`;

const fieldsOfCharge = chained.find(({ table }) => table === 'charge')?.fields ?? [];
/** What whoever edits rows has to edit next: two charges of the first batch, whose sum stays, and their leaves. */
const editWithLeaf = `${unguarded('charge_2026_07', `UPDATE ${month} SET amount = 203 - amount WHERE event_id IN ('a1', 'a2')`)};
  ${unguarded(
    'leaf_page',
    `UPDATE ledger.leaf_page p SET leaves = (
       SELECT string_agg(sha256(record_send(ROW(${fieldsOfCharge.map((field) => `(${field})::text`).join(', ')}))), '' ORDER BY event_id)
       FROM ledger.charge c WHERE c.xid = p.xid)
     WHERE source = 'charge' AND xid = (SELECT xid FROM ledger.block WHERE height = 3)`,
  )}`;

async function* published(...heads: LedgerHead[]): AsyncGenerator<LedgerHead> {
  yield* await Promise.resolve(heads);
}

/** One session of a role, in one database transaction that it tries to commit. */
async function said(url: string, role: string, statements: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(`SET ROLE ${role}; BEGIN; ${statements}; COMMIT`);
    return 'nothing';
  } catch (error) {
    return (error as Error).message;
  } finally {
    await client.end();
  }
}

describe('attacks that are refused', () => {
  afterAll(async () => {
    // Whatever was tried, the book is what it was.
    expect(await unsoundness(ledger.source)).toEqual([]);
    const { results, head: now } = await verifyLedger(ledger.database.url, { heads: published(head) });
    expect(wrong(results)).toEqual([]);
    expect(now).toEqual(head);
  });

  const tables = ['account', 'transaction', 'posting', 'charge', 'adjustment', 'period_close', 'block', 'leaf_page'];
  const others = ['tollgate_control', 'tollgate_pricing', 'tollgate_reconciliation'];

  it.each(others)('%s reads and writes nothing of the book', async (role) => {
    for (const table of [...tables, 'balance', 'open_grant', 'period_total', 'charge_identity', 'movement', 'entry']) {
      for (const attempt of [
        `SELECT FROM ledger.${table}`,
        `DELETE FROM ledger.${table}`,
        `INSERT INTO ledger.${table} DEFAULT VALUES`,
      ]) {
        expect(await said(ledger.database.url, role, attempt)).toMatch(/permission denied for schema ledger/);
      }
    }
  });

  it.each(['tollgate_ledger', 'tollgate_ledger_reader'])('%s changes and erases nothing', async (role) => {
    for (const table of [
      ...tables,
      'charge_identity',
      'movement',
      'balance',
      'open_grant',
      'period_total',
      month.slice(7),
    ]) {
      const attempts = [
        'UPDATE %T SET xid = xid',
        'DELETE FROM %T',
        'TRUNCATE %T',
        'DROP TABLE %T',
        'ALTER TABLE %T DISABLE TRIGGER ALL',
      ];
      for (const attempt of attempts) {
        const answer = await said(ledger.database.url, role, attempt.replace('%T', `ledger.${table}`));
        expect([table, attempt, answer]).toEqual([
          table,
          attempt,
          expect.stringMatching(/permission denied|must be owner|column "xid"/),
        ]);
      }
    }
  });

  it.each<[what: string, attempt: string, refusal: RegExp]>([
    ['unbalances: one side only', `${open()}; ${post(cash, 'NULL')}`, /null value in column "credit_account"/],
    ['posts to one account from itself', `${open()}; ${post(cash, cash)}`, /posting_check/],
    ['posts below zero', `${open()}; ${post(cash, wallet, { amount: '-5' })}`, /posting_amount_check/],
    ['posts what is no number', `${open()}; ${post(cash, wallet, { amount: "'NaN'" })}`, /violates check/],
    [
      'posts a fraction of the smallest amount',
      `${open()}; ${post(cash, wallet, { amount: '0.5' })}`,
      /violates check/,
    ],
    ['crosses currencies', `${open()}; ${post(cash, euros)}`, /violates foreign key/],
    ['crosses organisations', `${open()}; ${post(cash, theirs)}`, /violates foreign key/],
    ['posts under another currency', `${open()}; ${post(cash, wallet, { currency: 'EUR' })}`, /violates foreign key/],
    ['makes revenue of a top-up', `${open()}; ${post(cash, revenue)}`, /may not move anything/],
    ['makes revenue without a charge', `${open('charge', null)}; ${post(wallet, revenue)}`, /differ from charges/],
    [
      'takes revenue back without an adjustment',
      `${open('correction')}; ${post(revenue, wallet)}`,
      /differ from charges/,
    ],
    ['books a charge without its revenue', `${open('charge', null)}; ${charge("'x1'", '5')}`, /differ from charges/],
    [
      'books a charge for more than its revenue',
      `${open('charge', null)}; ${post(wallet, revenue)}; ${charge("'x1'", '6')}`,
      /differ from charges/,
    ],
    ['books an event a second time', `${open('charge', null)}; ${charge("'a0'", '0')}`, /charge_.*pkey/],
    [
      'books an event a second time, in another month',
      `SELECT ledger.open_month('2026-01-01'); ${open('charge', null)}; ${charge("'a0'", '0', 'ledger.charge', "'2026-01-02'")}`,
      /charge_identity_pkey/,
    ],
    ['replays a payment', open('top_up', "'paid'"), /violates unique constraint/],
    ['adds to a transaction of yesterday', post(cash, wallet, { transaction: '1' }), /is not open/],
    [
      'hides the check from the commit',
      `${open('charge', null)}; SET CONSTRAINTS ALL IMMEDIATE; ${post(wallet, revenue)}`,
      /differ from charges|has its block/,
    ],
    [
      'adds to a sealed block',
      `${open()}; SET CONSTRAINTS ALL IMMEDIATE; ${post(cash, wallet)}`,
      /has its block already/,
    ],
    [
      'corrects what another organisation did',
      `${open('correction')}; INSERT INTO ledger.transaction (org_id, currency, kind, idempotency_key, effective_at, corrects)
      SELECT 'acme', 'USD', 'correction', 'c', now(), id FROM ledger.transaction WHERE org_id = 'other'`,
      /violates foreign key/,
    ],
    [
      'adjusts a charge that nobody booked',
      `${open('correction')}; INSERT INTO ledger.adjustment (org_id, event_id, number, currency, amount, cost, price_version, reason, transaction_id)
      VALUES ('acme', 'none', 1, 'USD', 0, 0, 'v', 'r', ${newest})`,
      /adjustment_of_charge/,
    ],
    [
      'back-dates what the book knew',
      `INSERT INTO ledger.transaction (org_id, currency, kind, effective_at, posted_at) VALUES ('acme', 'USD', 'charge', now(), '2020-01-01')`,
      /permission denied/,
    ],
    [
      'chooses a period',
      `INSERT INTO ledger.transaction (org_id, currency, kind, effective_at, period) VALUES ('acme', 'USD', 'charge', now(), '2020-01-01')`,
      /permission denied/,
    ],
    ['chooses its database transaction', `INSERT INTO ledger.posting (xid) VALUES ('5')`, /permission denied/],
    [
      'closes a month that is not over',
      `INSERT INTO ledger.period_close (period, closed_by) VALUES (date_trunc('month', now()), 'me')`,
      /is not over yet/,
    ],
    ['writes straight into a month', charge("'x1'", '5', month), /permission denied/],
    ['copies straight into a month', `COPY ${month} FROM PROGRAM 'true'`, /permission denied/],
    ['copies postings in with columns of its choice', "COPY ledger.posting FROM PROGRAM 'true'", /permission denied/],
    ['writes a leaf', `INSERT INTO ledger.leaf_page (source, leaves) VALUES ('posting', '')`, /permission denied/],
    ['writes a block', 'INSERT INTO ledger.block DEFAULT VALUES', /permission denied/],
    [
      'writes an identity',
      `INSERT INTO ledger.charge_identity SELECT org_id, 'taken', usage_hash, effective_at FROM ledger.charge_identity LIMIT 1`,
      /permission denied/,
    ],
    [
      'teaches a kind another movement',
      `INSERT INTO ledger.movement VALUES ('top_up', 'cash-clearing', 'usage-revenue')`,
      /permission denied/,
    ],
    ['makes money by the balance', 'UPDATE ledger.balance SET credits = credits + 1', /permission denied/],
    [
      'merges a change in',
      `MERGE INTO ledger.posting p USING ledger.posting o ON p.id = o.id WHEN MATCHED THEN UPDATE SET amount = 1`,
      /permission denied/,
    ],
    [
      'updates in the passing of an insert',
      `${charge("'a0'", '0')} ON CONFLICT (org_id, event_id, effective_at) DO UPDATE SET amount = 0`,
      /permission denied/,
    ],
    [
      'updates through a view of its own',
      `CREATE TEMP VIEW mine AS SELECT * FROM ledger.posting; UPDATE mine SET amount = 1`,
      /permission denied/,
    ],
    [
      'turns inserts into nothing by a rule',
      'CREATE RULE nothing AS ON INSERT TO ledger.posting DO INSTEAD NOTHING',
      /must be owner/,
    ],
    [
      'replaces a check',
      `CREATE OR REPLACE FUNCTION ledger.check_transaction(checked bigint) RETURNS void LANGUAGE sql AS ''`,
      /permission denied/,
    ],
    ['becomes a replica', 'SET session_replication_role = replica', /permission denied/],
    [
      'shadows the tables of the check',
      `CREATE TEMP TABLE posting (LIKE ledger.posting); CREATE TEMP TABLE charge (LIKE ledger.charge);
       CREATE TEMP TABLE account (LIKE ledger.account); SET LOCAL search_path = pg_temp, ledger;
       ${open('charge', null)}; ${post(wallet, revenue)}`,
      /differ from charges/,
    ],
    [
      'shadows the functions of the check',
      `CREATE FUNCTION pg_temp.check_transaction(bigint) RETURNS void LANGUAGE sql AS '';
       CREATE FUNCTION pg_temp.pg_current_xact_id() RETURNS xid8 LANGUAGE sql AS $$ SELECT '5'::xid8 $$;
       SET LOCAL search_path = pg_temp, ledger, pg_catalog; ${open('charge', null)}; ${post(wallet, revenue)}`,
      /differ from charges/,
    ],
    ['opens a month of no calendar', "SELECT ledger.open_month('3000-01-01')", /is no month of this book/],
  ])('the ledger %s', async (_, attempt, refusal) => {
    expect(await said(ledger.database.url, 'tollgate_ledger', attempt)).toMatch(refusal);
  });

  it('a transaction begun before a month closed cannot post into it unseen', async () => {
    const client = new pg.Client(ledger.database.url);
    await client.connect();
    await client.query('SET ROLE tollgate_ledger; BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM ledger.block');
    await expect(client.query(`${open()}; COMMIT`)).rejects.toThrow(/written in READ COMMITTED only/);
    await client.end();
  });

  describe.each(['tollgate', 'postgres'])('by %s, while the triggers are on', (owner) => {
    const url = () => (owner === 'tollgate' ? ledger.database.url : ledger.database.superuserUrl);
    it.each<[what: string, attempt: string, refusal: RegExp]>([
      ['edits', 'UPDATE ledger.charge SET amount = 0', /append-only/],
      ['edits a month', `UPDATE ${month} SET amount = 0`, /append-only/],
      ['erases', 'DELETE FROM ledger.leaf_page', /append-only/],
      ['empties', 'TRUNCATE ledger.block', /append-only/],
      ['writes straight into a month', charge("'x1'", '5', month), /append-only/],
      [
        'merges into a month',
        `MERGE INTO ${month} m USING (SELECT 1) AS one ON false WHEN NOT MATCHED THEN INSERT DEFAULT VALUES`,
        /append-only/,
      ],
      [
        'back-dates a charge',
        `${open('charge', null)}; ${charge("'x1'", '0').replace('lines, transaction_id)', 'lines, transaction_id, booked_at)').replace('FROM ledger.charge WHERE', ", '2020-01-01' FROM ledger.charge WHERE")}`,
        /another database transaction or time/,
      ],
      [
        'names another database transaction',
        `${open()}; INSERT INTO ledger.posting (transaction_id, org_id, currency, debit_account, credit_account, amount, xid) VALUES (${newest}, 'acme', 'USD', ${cash}, ${wallet}, 5, '5')`,
        /another database transaction or time/,
      ],
      [
        'forges a block',
        `INSERT INTO ledger.block VALUES (99, '5', now(), 1, sha256('a'), sha256('b'))`,
        /null value in column "last_page"/,
      ],
      [
        'closes the present month',
        `INSERT INTO ledger.period_close (period, closed_by) VALUES (date_trunc('month', now()), 'me')`,
        /is not over yet/,
      ],
    ])('%s', async (_, attempt, refusal) => {
      expect(await said(url(), owner, attempt)).toMatch(refusal);
      if (owner === 'postgres') {
        const asReplica = await said(url(), owner, `SET LOCAL session_replication_role = replica; ${attempt}`);
        expect(asReplica).toMatch(refusal);
      }
    });
  });
});

type Detected = { readonly check: string } & { readonly [Field in keyof Finding]?: unknown };

describe('attacks of who owns the engine are found by the verifier, which names the row', () => {
  beforeAll(async () => {
    // A copy is made of a database that nobody uses.
    await ledger.source.destroy();
  });

  /** Block 3 is the first of the batches: the top-ups were 0 to 2. */
  const batch = { block: 3 };
  const within = (table: string, statements: string) => unguarded(table, statements);
  const a1 = { table: 'charge', key: 'acme a1' };

  it.each<[what: string, attack: string, first: Detected]>([
    [
      'edits a charge',
      within('charge_2026_07', `UPDATE ${month} SET amount = amount + 1 WHERE event_id = 'a1'`),
      { check: 'rows', ...a1, ...batch },
    ],
    [
      'lets two charges take each other’s amount',
      within('charge_2026_07', `UPDATE ${month} SET amount = 203 - amount WHERE event_id IN ('a1', 'a2')`),
      { check: 'rows', ...a1, ...batch },
    ],
    [
      'erases a charge',
      within('charge_2026_07', `DELETE FROM ${month} WHERE event_id = 'a1'`),
      { check: 'rows', table: 'charge', key: 'after acme a0, before acme a2', stored: 'no row', ...batch },
    ],
    [
      'moves a charge to another time',
      within(
        'charge_2026_07',
        `UPDATE ${month} SET effective_at = effective_at + interval '1 hour' WHERE event_id = 'a1'`,
      ),
      { check: 'rows', ...a1, ...batch },
    ],
    [
      'adds a charge behind the triggers',
      within('charge_2026_07', charge("'ghost'", '0', month)),
      { check: 'rows', table: 'charge', key: 'acme ghost' },
    ],
    [
      'takes a month away',
      `ALTER TABLE ledger.charge DETACH PARTITION ${month}`,
      { check: 'rows', table: 'charge', stored: 'no row', ...batch },
    ],
    [
      'edits a posting',
      within('posting', 'UPDATE ledger.posting SET amount = 1 WHERE id = 1'),
      { check: 'rows', table: 'posting', key: '1', block: 0 },
    ],
    [
      'erases a posting',
      within('posting', 'DELETE FROM ledger.posting WHERE id = 1'),
      { check: 'rows', table: 'posting', stored: 'no row', block: 0 },
    ],
    [
      'multiplies a column by a change of its type',
      'ALTER TABLE ledger.charge ALTER quantity TYPE numeric USING quantity * 2',
      { check: 'rows', table: 'charge', key: 'acme a0', block: 3 },
    ],
    [
      'back-dates a transaction',
      within('transaction', "UPDATE ledger.transaction SET posted_at = '2020-01-01' WHERE id = 2"),
      { check: 'rows', table: 'transaction', key: '2', block: 1 },
    ],
    [
      'gives a transaction to another organisation',
      within('transaction', "UPDATE ledger.transaction SET org_id = 'other' WHERE id = 2"),
      { check: 'rows', table: 'transaction', key: '2', block: 1 },
    ],
    [
      'renames an account',
      within('account', `UPDATE ledger.account SET name = 'cash' WHERE id = ${cash}`),
      { check: 'rows', table: 'account', block: 0 },
    ],
    [
      'chooses the database transaction of a row',
      within(
        'posting',
        `INSERT INTO ledger.posting OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record((SELECT p FROM ledger.posting p WHERE id = 1), '{"id": 99}')`,
      ),
      { check: 'rows', table: 'posting', key: '99', block: 0 },
    ],
    ['changes a row and its leaf', editWithLeaf, { check: 'chain', table: 'block', key: '3', block: 3 }],
    [
      'changes a row, its leaf and its block',
      `${editWithLeaf}; ${within('block', 'UPDATE ledger.block b SET hash = ledger.hash_of_block(b) WHERE height = 3')}`,
      { check: 'chain', table: 'block', key: '4', block: 4 },
    ],
    [
      'adds a leaf without a row',
      within(
        'leaf_page',
        `INSERT INTO ledger.leaf_page (xid, source, leaves) SELECT xid, 'posting', sha256('a') FROM ledger.block WHERE height = 2`,
      ),
      { check: 'chain', table: 'block', key: '2', block: 2 },
    ],
    [
      'cuts a block out',
      within('block', 'DELETE FROM ledger.block WHERE height = 4'),
      { check: 'chain', table: 'block', key: '5' },
    ],
    [
      'makes money by the balance',
      `UPDATE ledger.balance SET credits = credits + 1 WHERE account_id = ${wallet}`,
      { check: 'balances', table: 'balance', key: 'acme customer-wallet USD' },
    ],
    [
      'erases a balance',
      `DELETE FROM ledger.balance WHERE account_id = ${wallet}`,
      { check: 'balances', key: 'acme customer-wallet USD', stored: 'no balance' },
    ],
    [
      'counts a transaction less in its month',
      "UPDATE ledger.period_total SET transactions = transactions - 1 WHERE period = '2026-07-01'",
      { check: 'kept', table: 'period_total', key: '2026-07' },
    ],
    [
      'books an event twice',
      `${off('charge', 'identities')}; BEGIN; SELECT ledger.open_month('2026-01-01'); ${open('charge', null)}; ${charge("'a1'", '0', 'ledger.charge', "'2026-01-02'")}; COMMIT; ${guarded('charge')}`,
      { check: 'identities', ...a1 },
    ],
    [
      'takes an event’s id away before it comes',
      within(
        'charge_identity',
        `INSERT INTO ledger.charge_identity SELECT org_id, 'b9', usage_hash, effective_at FROM ledger.charge_identity LIMIT 1`,
      ),
      { check: 'identities', table: 'charge_identity', key: 'acme b9' },
    ],
    [
      'makes revenue without a charge',
      `${off('posting', 'matches_charges')}; BEGIN; ${open('charge', null)}; ${post(wallet, revenue)}; COMMIT; ${guarded('posting')}`,
      { check: 'transactions', table: 'transaction', stored: expect.stringContaining('5 revenue') },
    ],
    [
      'books a charge without its revenue',
      `${off('charge', 'matches_postings')}; BEGIN; ${open('charge', null)}; ${charge("'x1'", '5')}; COMMIT; ${guarded('charge')}`,
      { check: 'transactions', table: 'transaction', expected: expect.stringContaining('5 and 0') },
    ],
    [
      'makes a movement that is none',
      `${off('posting', 'movements_allowed')}; BEGIN; ${open()}; ${post(wallet, euros.replace('EUR', 'USD').replace('customer-wallet', 'provider-clearing:openai'))}; COMMIT; ${guarded('posting')}`,
      { check: 'transactions', table: 'posting', expected: 'a movement that this kind may make' },
    ],
    [
      'teaches a kind another movement',
      "INSERT INTO ledger.movement VALUES ('top_up', 'cash-clearing', 'rounding')",
      { check: 'guards', key: 'movements of top_up' },
    ],
    [
      'crosses currencies',
      `ALTER TABLE ledger.posting DISABLE TRIGGER ALL; ALTER TABLE ledger.posting ENABLE TRIGGER chained; ALTER TABLE ledger.posting ENABLE TRIGGER balances; BEGIN; ${open()}; ${post(cash, euros)}; COMMIT; ${guarded('posting')}`,
      { check: 'transactions', table: 'posting', stored: 'account customer-wallet of acme in EUR' },
    ],
    [
      'posts into a month that is closed',
      `BEGIN; INSERT INTO ledger.period_close (period, closed_by) VALUES ('2026-06-01', 'me'); COMMIT; ${off('transaction', 'stamp')}; BEGIN; INSERT INTO ledger.transaction (org_id, currency, kind, idempotency_key, effective_at, period, belongs_to) VALUES ('acme', 'USD', 'top_up', 'late', '2026-06-03', '2026-06-01', '2026-06-01'); COMMIT; ${guarded('transaction')}`,
      { check: 'transactions', table: 'transaction', stored: 'period 2026-06-01', expected: '2026-07-01' },
    ],
    [
      'opens a closed month again',
      `BEGIN; INSERT INTO ledger.period_close (period, closed_by) VALUES ('2026-06-01', 'me'); COMMIT; ${within('period_close', 'DELETE FROM ledger.period_close')}`,
      { check: 'rows', table: 'period_close', stored: 'no row' },
    ],
    [
      'switches a trigger off',
      'ALTER TABLE ledger.posting DISABLE TRIGGER append_only',
      {
        check: 'guards',
        key: 'trigger append_only on posting',
        stored: expect.stringContaining('fires never'),
      },
    ],
    [
      'lets a trigger sleep in a replica',
      'ALTER TABLE ledger.posting ENABLE TRIGGER append_only',
      { check: 'guards', key: 'trigger append_only on posting' },
    ],
    [
      'takes a trigger off one month',
      `DROP TRIGGER append_only ON ${month}`,
      { check: 'guards', key: 'trigger append_only on charge_month' },
    ],
    ['switches the keys to other tables off', 'ALTER TABLE ledger.posting DISABLE TRIGGER ALL', { check: 'guards' }],
    [
      'replaces a check',
      `CREATE OR REPLACE FUNCTION ledger.check_transaction(checked bigint) RETURNS void LANGUAGE plpgsql AS 'BEGIN END'`,
      { check: 'guards', key: 'function check_transaction of owner' },
    ],
    [
      'gives away a right',
      'GRANT UPDATE ON ledger.posting TO tollgate_ledger',
      { check: 'guards', key: 'grants on posting to tollgate_ledger' },
    ],
    [
      'gives away a right to a column',
      'GRANT INSERT (xid) ON ledger.posting TO tollgate_ledger',
      { check: 'guards', key: 'grants on columns of posting to tollgate_ledger' },
    ],
    [
      'turns inserts into nothing',
      'CREATE RULE nothing AS ON INSERT TO ledger.posting DO INSTEAD NOTHING',
      { check: 'guards', key: 'rule nothing on posting' },
    ],
    [
      'hides rows from readers',
      'ALTER TABLE ledger.posting ENABLE ROW LEVEL SECURITY',
      { check: 'guards', key: 'table posting of owner' },
    ],
    [
      'drops a constraint',
      'ALTER TABLE ledger.posting DROP CONSTRAINT posting_amount_check',
      { check: 'guards', key: 'constraints of posting' },
    ],
    ['drops a table', 'DROP TABLE ledger.adjustment', { check: 'guards' }],
  ])('%s', async (_, attack, first) => {
    const { check, ...row } = first;
    const copy = await copyBook(ledger.database);
    const results = await verifyAfter(copy, attack);
    expect(wrong(results).map((result) => result.check)).toContain(check);
    expect(wrong(results).find((result) => result.check === check)?.first).toMatchObject(row);
  });

  it('nothing of that is what a session does that writes in another encoding, time zone or style', async () => {
    const copy = await copyBook(ledger.database);
    const session = "SET client_encoding = 'LATIN1'; SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'";
    const transaction = open().replace('effective_at)', 'effective_at, memo)').replace('now())', "now(), 'Café')");
    expect(wrong(await verifyAfter(copy, `${session}; BEGIN; ${transaction}; ${post(cash, wallet)}; COMMIT`))).toEqual(
      [],
    );
  });

  it('rewrites everything to match, from a row to the head: only the heads that were published tell', async () => {
    const rewrite = `${editWithLeaf}; ALTER TABLE ledger.block DISABLE TRIGGER ALL;
      DO $$ DECLARE b ledger.block; BEGIN
        FOR b IN SELECT * FROM ledger.block WHERE height >= 3 ORDER BY height LOOP
          b.previous := (SELECT hash FROM ledger.block WHERE height = b.height - 1);
          b.hash := ledger.hash_of_block(b);
          UPDATE ledger.block SET previous = b.previous, hash = b.hash WHERE height = b.height;
        END LOOP;
      END $$; ${guarded('block')}`;
    const results = await verifyAfter(await copyBook(ledger.database), rewrite);
    expect(wrong(results)).toMatchObject([
      {
        check: 'heads',
        wrong: 1,
        first: { table: 'block', block: head.height, expected: `${head.hash}, as published` },
      },
    ]);
  });

  it('goes back to an older copy of the book: only the heads that were published tell', async () => {
    const tables = ['charge_2026_07', 'leaf_page', 'block', 'charge_identity'];
    const cut = `${tables.map((table) => `ALTER TABLE ledger.${table} DISABLE TRIGGER ALL`).join('; ')};
      DELETE FROM ${month} WHERE event_id = 'unpriced'; DELETE FROM ledger.charge_identity WHERE event_id = 'unpriced';
      DELETE FROM ledger.leaf_page WHERE xid = (SELECT xid FROM ledger.block WHERE height = ${head.height});
      DELETE FROM ledger.block WHERE height = ${head.height};
      ${tables.map(guarded).join('; ')}`;
    const results = await verifyAfter(await copyBook(ledger.database), cut);
    expect(wrong(results)).toMatchObject([{ check: 'heads', first: { stored: 'no block' } }]);
  });

  async function verifyAfter(copy: CopiedBook, attack: string): Promise<readonly CheckResult[]> {
    try {
      await copy.run(attack);
      return (await verifyLedger(copy.url, { heads: published(head) })).results;
    } finally {
      await copy.drop();
    }
  }
});
