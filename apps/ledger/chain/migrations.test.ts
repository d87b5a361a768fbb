import { afterAll, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { migrate, revertMigrations } from '#postgres/migrate.js';
import { LedgerPeriods1795820000000 } from '#migrations/postgres/1795820000000-ledger-periods.js';
import { migrations } from '#migrations/postgres/all.js';
import { bookCharges } from '../book-charges.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { balancesOf, type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { verifyLedger } from './verify-ledger.js';

let ledger: TestLedger;
beforeAll(async () => void (ledger = await testLedger()));
afterAll(() => ledger.close());

/** What holds whatever the schema: every row of the book, without what the later migrations added. */
const content = async () =>
  JSON.stringify(
    await ledger.source.query(`
      SELECT (SELECT json_agg(t ORDER BY id) FROM (SELECT id, org_id, currency, kind, idempotency_key, effective_at, posted_at, xid FROM transaction) t),
        (SELECT json_agg(p ORDER BY id) FROM (SELECT id, transaction_id, org_id, debit_account, credit_account, amount FROM posting) p),
        (SELECT json_agg(c ORDER BY event_id) FROM (SELECT org_id, event_id, usage_hash, status, effective_at, booked_at, amount, cost, lines, transaction_id FROM charge) c)`),
  );

it('the migrations since the months take a book with data back and forth, and it is sound again from its first block', async () => {
  await topUpWallet(ledger.source, { orgId: 'acme', currency: 'USD', amount: '10', idempotencyKey: 'k' });
  // More than a page of leaves, two months, a suspended one, and text beyond ASCII.
  const charges = Array.from({ length: 6000 }, (_, index) =>
    deliveredCharge({
      id: `e${index}`,
      amount: BigInt(index),
      effectiveAt: `2026-0${6 + (index % 2)}-10T00:00:00.123Z`,
      model: 'mödel',
    }),
  );
  expect(await bookCharges(ledger.source, [...charges, deliveredCharge({ id: 'open' })])).toEqual([]);
  const [balances, before] = [await balancesOf(ledger.source, 'acme'), await content()];
  const back = migrations.length - migrations.indexOf(LedgerPeriods1795820000000);

  await revertMigrations(ledger.database.url, back);
  expect(await content()).toBe(before);
  // The book before these migrations books on.
  await ledger.source.query(
    `INSERT INTO transaction (org_id, currency, kind, idempotency_key, effective_at) VALUES ('acme', 'USD', 'top_up', 'empty', now())`,
  );

  await migrate(ledger.database.url);
  expect(await balancesOf(ledger.source, 'acme')).toEqual(balances);
  expect(await bookCharges(ledger.source, [charges[0]!, deliveredCharge({ id: 'new', amount: 5n })])).toEqual([]);
  const { results, head } = await verifyLedger(ledger.database.url);
  expect(results.filter(({ wrong }) => wrong > 0)).toEqual([]);
  // Block 0 is what stood there.
  expect(head?.height).toBe(1);
});

it('a row that stood there before the chain and was changed since is named, in block 0', async () => {
  const owner = new pg.Client(ledger.database.url);
  await owner.connect();
  await owner.query(`
    ALTER TABLE ledger.charge_2026_06 DISABLE TRIGGER USER;
    UPDATE ledger.charge_2026_06 SET cost = cost + 1 WHERE event_id = 'e2'`);
  await owner.end();
  const { results } = await verifyLedger(ledger.database.url);
  expect(results.find(({ check }) => check === 'rows')?.first).toMatchObject({
    table: 'charge',
    key: 'acme e2',
    block: 0,
  });
});
