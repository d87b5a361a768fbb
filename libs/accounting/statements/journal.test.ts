import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { exactAmount, journalAccount, type JournalTransaction, JournalWriter } from './journal.js';
import { journalFormat } from './journal-formats.js';

const transaction: JournalTransaction = {
  id: '7',
  orgId: 'acme_inc',
  currency: 'USD',
  kind: 'correction',
  effectiveAt: '2026-06-30T23:00:00.000Z',
  postedAt: '2026-07-02T08:00:00.000Z',
  period: '2026-07',
  belongsTo: '2026-06',
  corrects: '3',
  memo: 'He said "no"; twice, =1+1',
  postings: [
    {
      id: '9',
      debit: { name: 'usage-revenue:openai', kind: 'income' },
      credit: { name: 'customer-wallet:a-b', kind: 'liability' },
      amount: 12_000_000_000_001n,
    },
  ],
};

const written = (name: keyof typeof journalFormat, ...transactions: JournalTransaction[]) => {
  const writer = new JournalWriter(journalFormat[name]);
  return [writer.begin(), ...transactions.map((one) => writer.add(one)), writer.end()].join('');
};

describe('a journal', () => {
  it('is beancount', () => {
    expect(written('beancount', transaction)).toBe(
      [
        'option "title" "Tollgate ledger"',
        '',
        '1970-01-01 commodity USD',
        '',
        '1970-01-01 open Income:Org-acme-x5f-inc:UsageRevenue:Id-openai USD',
        '1970-01-01 open Liabilities:Org-acme-x5f-inc:CustomerWallet:Id-a--b USD',
        '2026-07-02 * "correction" "He said \\"no\\"; twice, =1+1"',
        '  id: "7"',
        '  organisation: "acme_inc"',
        '  kind: "correction"',
        '  effective-at: "2026-06-30T23:00:00.000Z"',
        '  posted-at: "2026-07-02T08:00:00.000Z"',
        '  period: "2026-07"',
        '  belongs-to: "2026-06"',
        '  corrects: "3"',
        '  Income:Org-acme-x5f-inc:UsageRevenue:Id-openai  12.000000000001 USD',
        '  Liabilities:Org-acme-x5f-inc:CustomerWallet:Id-a--b  -12.000000000001 USD',
        '',
        '2026-07-03 balance Income:Org-acme-x5f-inc:UsageRevenue:Id-openai  12.000000000001 ~ 0 USD',
        '2026-07-03 balance Liabilities:Org-acme-x5f-inc:CustomerWallet:Id-a--b  -12.000000000001 ~ 0 USD',
        '',
      ].join('\n'),
    );
  });

  it('is what ledger-cli and hledger read, with nothing in it that ends a description', () => {
    const text = written('ledger', transaction);
    expect(text).toContain('2026-07-02 * (7) correction He said "no" twice =1+1\n  ; id: 7\n');
    expect(text).toContain(
      '  Income:Org-acme-x5f-inc:UsageRevenue:Id-openai  0.000000000000 USD = 12.000000000001 USD\n',
    );
  });

  it('is CSV, a line to a side, that no spreadsheet runs', () => {
    const [, debit, credit] = written('csv', { ...transaction, memo: '=1+1' }).split('\r\n');
    const rest = "2026-06-30T23:00:00.000Z,2026-07-02T08:00:00.000Z,2026-07,2026-06,3,'=1+1";
    expect(debit).toBe(`7,9,acme_inc,2026-07-02,correction,usage-revenue:openai,12.000000000001,,USD,${rest}`);
    expect(credit).toBe(`7,9,acme_inc,2026-07-02,correction,customer-wallet:a-b,,12.000000000001,USD,${rest}`);
  });

  it('never makes one account of two', () => {
    const name = fc.stringMatching(/^[a-z-]{1,12}(:[A-Za-z0-9_.-]{1,6})?$/);
    const org = fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/);
    // Classes are our own words: lower case, with single hyphens between letters.
    const plainClass = (text: string) => /^[a-z]+(-[a-z]+)*(:|$)/.test(text);
    fc.assert(
      fc.property(org, name.filter(plainClass), org, name.filter(plainClass), (org, account, otherOrg, other) => {
        const [one, two] = [
          journalAccount(org, { name: account, kind: 'asset' }),
          journalAccount(otherOrg, { name: other, kind: 'asset' }),
        ];
        expect(one === two).toBe(org === otherOrg && account === other);
        expect(one).toMatch(/^Assets(:[A-Z][A-Za-z0-9-]*)+$/);
      }),
    );
  });

  it('writes amounts exactly', () => {
    expect([0n, 1n, -1n, 10n ** 27n].map(exactAmount)).toEqual([
      '0.000000000000',
      '0.000000000001',
      '-0.000000000001',
      '1000000000000000.000000000000',
    ]);
  });
});
