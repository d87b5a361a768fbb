import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bookCharges } from './book-charges.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { said, type TestLedger, testLedger, unsoundness } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';

const tables = ['account', 'transaction', 'posting', 'charge'] as const;

describe('the book refuses', () => {
  let ledger: TestLedger;
  let superuser: pg.Client;

  beforeAll(async () => {
    ledger = await testLedger();
    superuser = new pg.Client({ connectionString: ledger.database.superuserUrl, options: '-c search_path=ledger' });
    await superuser.connect();
    await bookCharges(ledger.source, [deliveredCharge({ id: 'a', amount: 5n })]);
    await topUpWallet(ledger.source, { orgId: 'acme', currency: 'EUR', amount: '1', idempotencyKey: 'k' });
    await topUpWallet(ledger.source, { orgId: 'other', currency: 'USD', amount: '1', idempotencyKey: 'k' });
  });
  afterAll(async () => {
    // Whatever was tried above, the book is what it was.
    expect(await unsoundness(ledger.source)).toEqual([]);
    await superuser.end();
    await ledger.close();
  });

  const account = (org: string, name: string, currency: string) =>
    `(SELECT id FROM account WHERE (org_id, name, currency) = ('${org}', '${name}', '${currency}'))`;
  const newTransaction = (kind = 'top_up', key = 'gen_random_uuid()') =>
    `INSERT INTO transaction (org_id, currency, kind, idempotency_key, effective_at)
     VALUES ('acme', 'USD', '${kind}', ${key}, now())`;
  const newest = '(SELECT max(id) FROM transaction)';
  const posting = (debit: string, credit: string, { transaction = newest, amount = '5', currency = 'USD' } = {}) =>
    `INSERT INTO posting (transaction_id, org_id, currency, debit_account, credit_account, amount)
     VALUES (${transaction}, 'acme', '${currency}', ${debit}, ${credit}, '${amount}')`;
  const charge = (transaction: string, amount: string, more = '') =>
    `INSERT INTO charge SELECT (jsonb_populate_record(c, jsonb_build_object(
       'event_id', gen_random_uuid(), 'transaction_id', ${transaction}, 'amount', ${amount}, 'cost', 0,
       'xid', pg_current_xact_id()::text, 'booked_at', now()) ${more})).*
     FROM charge c WHERE event_id = 'a'`;
  const wallet = account('acme', 'customer-wallet', 'USD');
  const revenue = account('acme', 'usage-revenue:openai', 'USD');
  const clearing = account('acme', 'provider-clearing:openai', 'USD');

  describe.each(tables)('a change of %s', (table) => {
    const attempts = [`UPDATE ${table} SET org_id = org_id`, `DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`];

    it.each(attempts)('by the ledger itself: %s', async (attempt) => {
      await expect(ledger.source.query(attempt)).rejects.toThrow(/permission denied/);
    });
    it.each(attempts)('by the superuser, as a replica too: %s', async (attempt) => {
      expect(await said(superuser, attempt)).toMatch(/append-only/);
      expect(await said(superuser, attempt, 'SET session_replication_role = replica')).toMatch(/append-only/);
    });
  });

  it('a balance that the ledger writes by hand', async () => {
    await expect(ledger.source.query('UPDATE balance SET debits = 0')).rejects.toThrow(/permission denied/);
    await expect(ledger.source.query('DELETE FROM balance')).rejects.toThrow(/permission denied/);
  });

  it('a change in the passing: on conflict, by merge, by upsert of an event', async () => {
    expect(
      await said(
        superuser,
        'INSERT INTO charge SELECT * FROM charge ON CONFLICT (org_id, event_id, effective_at) DO UPDATE SET amount = 0',
      ),
    ).toMatch(/append-only/);
    expect(
      await said(
        superuser,
        'MERGE INTO charge c USING charge d ON c.event_id = d.event_id WHEN MATCHED THEN UPDATE SET amount = 0',
      ),
    ).toMatch(/append-only/);
  });

  it('a second row for an event, even from a program that forgot to look', async () => {
    expect(await said(superuser, 'INSERT INTO charge SELECT * FROM charge')).toMatch(/charge_.*pkey/);
  });

  it('to let the ledger back-date what it knew, or choose its own ids', async () => {
    for (const column of ['posted_at', 'xid', 'id']) {
      await expect(
        ledger.source.query(
          `INSERT INTO transaction (org_id, currency, kind, effective_at, ${column}) VALUES ('x', 'USD', 'charge', now(), DEFAULT)`,
        ),
      ).rejects.toThrow(/permission denied/);
    }
  });

  it('to let anyone back-date what it knew', async () => {
    const [row] = (
      await superuser.query<{ now: boolean }>(
        `INSERT INTO transaction (org_id, currency, kind, effective_at, posted_at)
         VALUES ('dated', 'USD', 'charge', now(), '2001-01-01') RETURNING posted_at = now() AS now`,
      )
    ).rows;
    expect(row).toEqual({ now: true });
  });

  it.each(['NaN', 'Infinity', '-Infinity', '0.5', '1e40', '0', '-1'])('an amount of %s', async (amount) => {
    expect(await said(superuser, `${newTransaction()}; ${posting(wallet, clearing, { amount })}`)).toMatch(
      /violates check constraint/,
    );
  });

  it('a posting from an account to itself', async () => {
    expect(await said(superuser, `${newTransaction()}; ${posting(wallet, wallet)}`)).toMatch(/posting_check/);
  });

  it.each(['', 'SET session_replication_role = replica'])('to cross currencies (%s)', async (session) => {
    const euros = account('acme', 'customer-wallet', 'EUR');
    expect(await said(superuser, `${newTransaction()}; ${posting(clearing, euros)}`, session)).toMatch(
      /violates foreign key|differ from charges|may not move/,
    );
    expect(
      await said(superuser, `${newTransaction()}; ${posting(wallet, clearing, { currency: 'EUR' })}`, session),
    ).toMatch(/violates foreign key|differ from charges|may not move/);
  });

  it.each(['', 'SET session_replication_role = replica'])('to cross organisations (%s)', async (session) => {
    const theirs = account('other', 'customer-wallet', 'USD');
    expect(await said(superuser, `${newTransaction()}; ${posting(clearing, theirs)}`, session)).toMatch(
      /violates foreign key|differ from charges|may not move/,
    );
  });

  it.each(['', 'SET session_replication_role = replica'])(
    'to join a transaction that is committed (%s)',
    async (session) => {
      const old = '(SELECT min(id) FROM transaction)';
      expect(await said(superuser, posting(wallet, revenue, { transaction: old }), session)).toMatch(/is not open/);
      expect(await said(superuser, charge(old, '5'), session)).toMatch(/is not open/);
      expect(await said(superuser, charge('0', '5'), session)).toMatch(/is not open/);
    },
  );

  it.each(['', 'SET session_replication_role = replica'])(
    'a transaction whose postings are not its charges (%s)',
    async (session) => {
      const begin = newTransaction('charge', 'NULL');
      // Revenue without a charge, a charge without revenue, one pico too much, and the same hidden from the commit.
      expect(await said(superuser, `${begin}; ${posting(wallet, revenue)}`, session)).toMatch(/differ from charges/);
      expect(await said(superuser, `${begin}; ${charge(newest, '5')}`, session)).toMatch(/differ from charges/);
      expect(await said(superuser, `${begin}; ${posting(wallet, revenue)}; ${charge(newest, '4')}`, session)).toMatch(
        /differ from charges/,
      );
      const early = `${begin}; SET CONSTRAINTS ALL IMMEDIATE; ${posting(wallet, revenue)}`;
      expect(await said(superuser, early, session)).toMatch(/differ from charges/);
      const theirs = charge(newest, '5', `|| '{"org_id": "other"}'`);
      expect(await said(superuser, `${begin}; ${posting(wallet, revenue)}; ${theirs}`, session)).toMatch(
        /differ from charges/,
      );
      expect(await said(superuser, `${begin}; ${posting(wallet, revenue)}; ${charge(newest, '5')}`, session)).toBe(
        'nothing',
      );
    },
  );

  it('a charged event without an amount, and an amount on one that is not charged', async () => {
    const more = (fields: string) => `|| '${fields}'::jsonb`;
    const begin = newTransaction('charge', 'NULL');
    expect(await said(superuser, `${begin}; ${charge(newest, '0', more('{"amount": null}'))}`)).toMatch(/charge_check/);
    expect(await said(superuser, `${begin}; ${charge(newest, '0', more('{"status": "suspended"}'))}`)).toMatch(
      /charge_check/,
    );
  });

  it('an idempotency key a second time, whatever the program thought', async () => {
    expect(await said(superuser, newTransaction('top_up', "'k'"))).toMatch(/violates unique constraint/);
  });
});
