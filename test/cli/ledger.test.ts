import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { bookCharges } from '#apps/ledger/book-charges.js';
import { deliveredCharge } from '#apps/ledger/charge-event.fixture.js';
import { type TestLedger, testLedger } from '#apps/ledger/test-ledger.fixture.js';

const root = join(import.meta.dirname, '../..');
let ledger: TestLedger;
let folder: string;
beforeAll(async () => {
  ledger = await testLedger();
  folder = await mkdtemp(join(tmpdir(), 'tollgate-ledger-'));
  for (const id of ['a', 'b']) await bookCharges(ledger.source, [deliveredCharge({ id, amount: 5n })]);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await ledger.close();
});

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const program = [join(root, 'scripts/tollgate.mjs'), 'ledger', ...args];
  const env = { PATH: dirnameOf(process.execPath), ...environment };
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: folder, encoding: 'utf8', env });
  return { status, stdout, stderr };
}
const dirnameOf = (path: string) => path.slice(0, path.lastIndexOf('/'));
const database = () => ['--database-url', ledger.database.url];

describe('npm run ledger', () => {
  it('verify says in one line that the book is sound, and where its chain ends', () => {
    const { status, stdout, stderr } = run(['verify', ...database()]);
    expect(stdout).toMatch(
      /^The book is sound: .*2 blocks, .*2 events, .*not compared; head 1 [0-9a-f]{64} of .*Z\.\n$/,
    );
    expect(stderr).toContain('rows: ');
    expect(status).toBe(0);
    expect(run(['verify'], { DATABASE_URL: ledger.database.url }).status).toBe(0);
  });

  it('verify compares with heads that were kept in a file', async () => {
    const [, hash = ''] = /head 1 ([0-9a-f]{64})/.exec(run(['verify', ...database()]).stdout) ?? [];
    const file = join(folder, 'heads.jsonl');
    const head = (of: string) => `${JSON.stringify({ height: 1, hash: of, sealedAt: '2026-07-01T00:00:00.000Z' })}\n`;
    await writeFile(file, head(hash));
    expect(run(['verify', ...database(), '--heads', file])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('1 published heads'),
    });
    await writeFile(file, head(hash) + head('0'.repeat(64)));
    const { status, stdout } = run(['verify', ...database(), '--heads', file]);
    expect(stdout).toContain(`heads: block 1 is wrong. Stored: ${hash}. Expected: ${'0'.repeat(64)}, as published.`);
    expect(status).toBe(1);
    await writeFile(file, 'what?\n');
    expect(run(['verify', ...database(), '--heads', file])).toMatchObject({
      ...{ status: 1, stdout: '' },
      stderr: expect.stringContaining(`${file}: line 1 is not {"height", "hash", "sealedAt"} as published.\n`),
    });
    expect(run(['verify', ...database(), '--heads', 'nowhere']).stderr).toContain('nowhere: it cannot be read.\n');
  });

  it('export writes the journal in the format asked for', () => {
    const { status, stdout } = run(['export', '--format', 'beancount', ...database()]);
    expect(status).toBe(0);
    expect(stdout).toContain('balance Liabilities:Org-acme:CustomerWallet  0.000000000010 ~ 0 USD');
    expect(run(['export', '--format', 'csv', '--org', 'nobody', ...database()]).stdout.split('\r\n')).toHaveLength(2);
    expect(run(['export', '--format', 'csv', '--from', 'july', ...database()])).toMatchObject({
      ...{ status: 1, stdout: '', stderr: expect.stringContaining('a month such as 2026-07') },
    });
  });

  it('says what is missing or cannot be reached', () => {
    expect(run(['--data', folder, 'verify'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^No Tollgate runs on .*: start it with npm start, or name the book/),
    });
    const { port } = new URL(ledger.database.url);
    const { status, stderr } = run(['verify', '--database-url', `postgres://nobody:x@127.0.0.1:${port}/none`]);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringMatching(/^Postgres at 127.0.0.1:\d+\/none: /),
    });
  });

  it('verify names the first wrong row and ends with 1, and still does every check', async () => {
    const owner = new pg.Client(ledger.database.url);
    await owner.connect();
    await owner.query(`ALTER TABLE ledger.charge_2026_07 DISABLE TRIGGER append_only;
      UPDATE ledger.charge_2026_07 SET amount = 6 WHERE event_id = 'b'`);
    await owner.end();
    const { status, stdout } = run(['verify', ...database()]);
    expect(stdout).toMatch(
      /^guards: the catalogue trigger append_only on charge_month is wrong\. Stored: .*fires never, in charge_2026_07 only.* Expected: .*fires always\.$/m,
    );
    expect(stdout).toMatch(
      /^rows: charge acme b in block 1 is wrong\. Stored: \["acme","b",.*Expected: a row that is [0-9a-f]{64}\.$/m,
    );
    expect(stdout).toMatch(
      /^transactions: transaction 2 in block 1 is wrong\. Stored: postings of 5 revenue and 5 cost\. Expected: 6 and 5, the sum/m,
    );
    expect(stdout).toMatch(
      /\nThe book is WRONG: guards 1, chain 0, rows 1, transactions 1, balances 0, .*invoices 0\.\n$/,
    );
    expect(status).toBe(1);
  });
});
