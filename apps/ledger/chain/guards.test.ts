import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { BookReader } from './book-reader.js';
import { chainedTables } from './chained-tables.js';
import { expectedGuards } from './expected-guards.js';
import { readGuards } from './read-guards.js';

describe('the guards of a migrated book', () => {
  let ledger: TestLedger;
  let guards: string[];
  beforeAll(async () => {
    ledger = await testLedger();
    const book = await BookReader.open(ledger.database.url);
    guards = await readGuards(book);
    await book.close();
  });
  afterAll(() => ledger.close());

  it('are those that the verifier expects: after a migration, print them anew with "npm run -s ledger -- guards"', () => {
    expect(guards).toEqual(expectedGuards);
  });

  it('let no app hang a function with the rights of its owner onto a table of its own', async () => {
    const columns = 'period date, belongs_to date, debit_account bigint, credit_account bigint, amount bigint';
    const functions = await ledger.source.query<{ name: string }[]>(
      `SELECT proname AS name FROM pg_proc
        WHERE pronamespace = 'ledger'::regnamespace AND prosecdef AND prorettype = 'trigger'::regtype`,
    );
    expect(functions.length).toBeGreaterThan(5);
    for (const { name } of functions) {
      const forged = ledger.source.transaction(async (db) => {
        await db.query(`CREATE TEMPORARY TABLE forged (${columns}) ON COMMIT DROP`);
        await db.query(`CREATE TRIGGER forge AFTER INSERT ON forged REFERENCING NEW TABLE AS posted
                        FOR EACH STATEMENT EXECUTE FUNCTION ledger.${name}()`);
      });
      await expect(forged).rejects.toThrow(`permission denied for function ledger.${name}`);
    }
  });

  it('chain every table that the verifier reads, and no other', () => {
    const triggered = guards.flatMap((guard) => /^trigger chained on (\w+):/.exec(guard)?.[1] ?? []);
    expect(triggered).toEqual(chainedTables.map(({ table }) => table).toSorted());
  });

  it('keep every chained table, the chain itself and the identities append-only, always', () => {
    const kept = [
      ...chainedTables.map(({ table }) => table),
      'block',
      'leaf_page',
      'charge_identity',
      'movement',
      'charge_month',
    ];
    for (const table of kept) {
      expect(guards.filter((guard) => guard.startsWith(`trigger append_only on ${table}: refuse_change()`))).toEqual([
        expect.stringContaining('fires always'),
      ]);
    }
  });
});
