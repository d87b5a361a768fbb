import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { journalFormat, type JournalFormatName } from '#accounting/statements/journal-formats.js';
import { journalAccount, JournalWriter } from '#accounting/statements/journal.js';
import { parseAmount } from '#money/pico.js';
import { bookCharges } from '../book-charges.js';
import { BookReader } from '../chain/book-reader.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { correctBookedCharge } from '../corrections/correct-charge.js';
import { readTrialBalance } from '../read-accounts.js';
import { type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { streamJournal } from './stream-journal.js';

let ledger: TestLedger;
let folder: string;
beforeAll(async () => {
  ledger = await testLedger();
  folder = await mkdtemp(join(tmpdir(), 'tollgate-journal-'));
  for (const [org, currency] of [
    ['acme', 'USD'],
    ['acme_inc', 'EUR'],
  ] as const) {
    await topUpWallet(ledger.source, {
      orgId: org,
      currency,
      amount: '999999999999.999999999999',
      idempotencyKey: 'k',
    });
    await bookCharges(
      ledger.source,
      Array.from({ length: 500 }, (_, index) =>
        deliveredCharge({
          org,
          currency,
          id: `e${index}`,
          amount: 10n ** BigInt(index % 25),
          provider: `p${index % 3}.x`,
        }),
      ),
    );
    await correctBookedCharge(ledger.source, {
      ...{ orgId: org, currency, eventId: 'e7', amount: '0.000000000001', cost: '0', idempotencyKey: 'c' },
      ...{ priceVersion: 'v2', reason: 'A "quoted"; reason, with\ttab' },
    });
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await ledger.close();
});

async function journalText(name: JournalFormatName): Promise<string> {
  const book = await BookReader.open(ledger.database.url);
  const writer = new JournalWriter(journalFormat[name]);
  let text = writer.begin();
  for await (const transaction of streamJournal(book, {})) text += writer.add(transaction);
  await book.close();
  return text + writer.end();
}

/** As the other programs say it: debits above zero. */
async function balances(): Promise<Record<string, bigint>> {
  const { rows } = await readTrialBalance(ledger.source, {});
  return Object.fromEntries(
    rows.map(({ orgId, name, kind, currency, debits, credits }) => [
      `${journalAccount(orgId, { name, kind })} ${currency}`,
      parseAmount(debits) - parseAmount(credits),
    ]),
  );
}

const file = (name: string) => join(folder, name);
const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined;

/** A checker of its own, for where no other is installed: every transaction's sides add up to nothing. */
function readText(text: string): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const transaction of text.split(/\n\n/)) {
    const sides = [...transaction.matchAll(/^ {2}([A-Z][\w:-]+) {2}(-?\d+\.\d{12}) ([A-Z]{3})$/gm)];
    let total = 0n;
    for (const [, account, amount = '', currency] of sides) {
      total += parseAmount(amount);
      sums[`${account} ${currency}`] = (sums[`${account} ${currency}`] ?? 0n) + parseAmount(amount);
    }
    expect(total).toBe(0n);
  }
  return sums;
}

describe('the exported journal', () => {
  it.each(['beancount', 'ledger'] as const)(
    'as %s is balanced, and comes to the balances of the book',
    async (name) => {
      expect(readText(await journalText(name))).toEqual(await balances());
    },
  );

  it('as CSV comes to the balances of the book', async () => {
    const rows = parse<Record<string, string>>(await journalText('csv'), { columns: true });
    const sums: Record<string, bigint> = {};
    for (const { organisation, account, currency, debit, credit } of rows) {
      const key = `${organisation} ${account} ${currency}`;
      sums[key] =
        (sums[key] ?? 0n) +
        parseAmount(debit === '' ? '0' : String(debit)) -
        parseAmount(credit === '' ? '0' : String(credit));
    }
    expect(Object.values(sums).reduce((total, sum) => total + sum, 0n)).toBe(0n);
    expect(Object.values(sums).toSorted()).toEqual(Object.values(await balances()).toSorted());
  });

  it('is taken by bean-check, where it is installed, with every balance asserted', async () => {
    await writeFile(file('journal.beancount'), await journalText('beancount'));
    if (!isThere('bean-check')) return;
    const { status, stderr } = spawnSync('bean-check', [file('journal.beancount')], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('is refused by bean-check with one digit changed', async () => {
    const text = await journalText('beancount');
    await writeFile(file('wrong.beancount'), text.replace('0.000000000001 USD', '0.000000000002 USD'));
    if (!isThere('bean-check')) return;
    expect(spawnSync('bean-check', [file('wrong.beancount')]).status).toBe(1);
  });

  it('is taken by hledger, where it is installed, and comes to the same balances there', async () => {
    await writeFile(file('journal.ledger'), await journalText('ledger'));
    if (!isThere('hledger')) return;
    const hledger = (...args: string[]) =>
      spawnSync('hledger', ['-f', file('journal.ledger'), ...args], {
        encoding: 'utf8',
        env: { LC_ALL: 'C.UTF-8', PATH: '/usr/bin:/bin' },
      });
    expect(hledger('check', '--strict').stderr).toBe('');
    const rows = parse(hledger('balance', '--flat', '--empty', '--no-total', '-O', 'csv').stdout, {
      from_line: 2,
    });
    const found = Object.fromEntries(
      rows.map(([account = '', shown = '']) => {
        const [amount = '', currency = ''] = shown.split(' ');
        return [`${account} ${currency}`, parseAmount(amount)];
      }),
    );
    expect(found).toEqual(await balances());
  });
});
