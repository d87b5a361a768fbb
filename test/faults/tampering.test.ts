import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import type { ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { openDataDir, readSecrets } from '#apps/standalone/data-dir.js';
import { eventually } from '../support/eventually.js';
import { startInstance, type Instance } from '../support/instance.js';

const chargeCount = 20;
const onePico = '0.000000000001';

let instance: Instance;
let superuser: pg.Client;
/** Two charges of one cell, and what the second is dearer by. */
let first: string;
let second: string;
let dearer: string;

/** Who owns the engine can switch off what keeps the book append-only. The tables are kept as they were. */
beforeAll(async () => {
  instance = await startInstance();
  superuser = await connectSuperuser();
  for (let words = 1; words <= chargeCount; words += 1) {
    const content = Array.from({ length: words }, () => 'word').join(' ');
    const answer = await instance.relay('/v1/chat/completions', {
      model: 'gpt-5-mini',
      messages: [{ role: 'user', content }],
      max_completion_tokens: 10,
    });
    expect(answer.status).toBe(200);
  }
  await eventually(async () => expect((await instance.counts('demo')).charged).toBe(chargeCount), 30_000);
  await superuser.query(`
    ALTER TABLE charge DISABLE TRIGGER USER;
    ALTER TABLE posting DISABLE TRIGGER USER;
    CREATE TEMP TABLE true_charge AS TABLE charge;
    CREATE TEMP TABLE true_posting AS TABLE posting`);
  [first, second, dearer] = await findTwoOfOneCell();
}, 120_000);
afterAll(async () => {
  await superuser.end();
  await instance.stop();
});

async function connectSuperuser(): Promise<pg.Client> {
  const { postgresSuperuserPassword } = await readSecrets(await openDataDir(instance.data));
  const url = new URL(instance.databaseUrl);
  url.username = 'postgres';
  url.password = postgresSuperuserPassword;
  const client = new pg.Client({ connectionString: url.href, options: '-c search_path=ledger' });
  await client.connect();
  return client;
}

/** All charges are of one model; an hour may end between two of them. */
async function findTwoOfOneCell(): Promise<[string, string, string]> {
  const { rows } = await superuser.query<{ ids: [string, string]; dearer: string }>(`
    SELECT (array_agg(event_id ORDER BY amount))[:2] AS ids,
      trim_scale(((array_agg(amount ORDER BY amount))[2] - min(amount)) * 1e-12)::text AS dearer
    FROM charge GROUP BY date_trunc('hour', effective_at) ORDER BY count(*) DESC LIMIT 1`);
  const [{ ids, dearer }] = rows as [(typeof rows)[0]];
  return [...ids, dearer];
}

/** What a run says while the book is edited; that undoing the edit balances it again is expected here. */
async function reconcileEdited(edit: string, ...ids: readonly string[]): Promise<ReconciliationRun> {
  const { rowCount } = await superuser.query(edit, [...ids]);
  expect(rowCount).toBeGreaterThan(0);
  const run = await instance.reconcile('demo');
  await superuser.query(`
    DELETE FROM charge;
    INSERT INTO charge TABLE true_charge;
    DELETE FROM posting;
    INSERT INTO posting OVERRIDING SYSTEM VALUE TABLE true_posting`);
  expect(await instance.reconcile('demo')).toMatchObject({ status: 'balanced', grossErrorPpm: 0, breakCount: 0 });
  expect(run.status).toBe('broken');
  return run;
}

/** |difference| ÷ billed, as the run has to say it. */
const ppm = (run: ReconciliationRun, difference: string) => (Number(difference) / Number(run.totals[0]?.log)) * 1e6;

describe('a book that was edited behind its triggers', () => {
  it('is found by one charge that is wrong by the smallest amount there is', async () => {
    const run = await reconcileEdited('UPDATE charge SET amount = amount + 1 WHERE event_id = $1', first);
    expect(run.breaks).toMatchObject([
      { kind: 'general_ledger', difference: onePico },
      { kind: 'price', source: 'ledger', eventId: first, difference: onePico },
    ]);
    expect(run.grossErrorPpm).toBeGreaterThan(0);
    expect(run.grossErrorPpm).toBeCloseTo(ppm(run, onePico), 9);
  });

  it('is found by two charges of one cell that took each other’s amount, though every sum is right', async () => {
    const run = await reconcileEdited(
      `UPDATE charge SET amount = other.amount FROM true_charge AS other
       WHERE (charge.event_id, other.event_id) IN (($1, $2), ($2, $1))`,
      first,
      second,
    );
    expect(run.totals[0]).toMatchObject({ ledger: run.totals[0]?.log, generalLedger: run.totals[0]?.log });
    expect(run.breaks).toHaveLength(2);
    for (const eventId of [first, second]) {
      const found = { kind: 'price', source: 'ledger', eventId, difference: dearer };
      expect(run.breaks).toContainEqual(expect.objectContaining(found));
    }
    expect(run.grossErrorPpm).toBeCloseTo(2 * ppm(run, dearer), 6);
  });

  it('is found by a charge that is gone', async () => {
    const run = await reconcileEdited('DELETE FROM charge WHERE event_id = $1', first);
    const missing = run.breaks.filter(({ source }) => source === 'ledger');
    expect(missing).toMatchObject([{ kind: 'missing', eventId: first, found: 'nothing' }]);
    // The general ledger is the worst source: it differs from what is left in revenue and in cost, which are equal.
    expect(run.grossErrorPpm).toBeCloseTo(2 * ppm(run, missing[0]?.difference ?? 'none'), 6);
  });

  it('is found by a posting that is not what was charged', async () => {
    const run = await reconcileEdited(`
      UPDATE posting SET amount = amount + 1 WHERE id = (
        SELECT min(posting.id) FROM posting JOIN account ON account.id = credit_account WHERE kind = 'income')`);
    expect(run.breaks).toMatchObject([{ kind: 'general_ledger', difference: onePico }]);
    expect(run.grossErrorPpm).toBeCloseTo(ppm(run, onePico), 9);
  });
});
