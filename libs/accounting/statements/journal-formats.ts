import { exactAmount, type JournalFormat, journalAccount, type JournalTransaction } from './journal.js';

export const journalFormats = ['csv', 'beancount', 'ledger'] as const;
export type JournalFormatName = (typeof journalFormats)[number];

/** In a quoted string of beancount. */
const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

const metadataOf = ({ id, orgId, kind, effectiveAt, postedAt, period, belongsTo, corrects }: JournalTransaction) => ({
  ...{ id, organisation: orgId, kind, 'effective-at': effectiveAt, 'posted-at': postedAt, period },
  ...(belongsTo === period ? {} : { 'belongs-to': belongsTo }),
  ...(corrects === undefined ? {} : { corrects }),
});

/** Two lines to a posting, one to a side. */
function sidesOf({ orgId, currency, postings }: JournalTransaction): string {
  return postings
    .flatMap(({ debit, credit, amount }) => [
      `  ${journalAccount(orgId, debit)}  ${exactAmount(amount)} ${currency}\n`,
      `  ${journalAccount(orgId, credit)}  ${exactAmount(-amount)} ${currency}\n`,
    ])
    .join('');
}

/** https://beancount.github.io/docs/beancount_language_syntax.html */
const beancount: JournalFormat = {
  begin: 'option "title" "Tollgate ledger"\n\n',
  commodity: (currency) => `1970-01-01 commodity ${currency}\n\n`,
  open: (account, currency) => `1970-01-01 open ${account} ${currency}\n`,
  transaction: (transaction, date) => {
    const metadata = Object.entries(metadataOf(transaction)).map(([key, value]) => `  ${key}: ${quoted(value)}\n`);
    const narration = transaction.memo === undefined ? '' : ` ${quoted(transaction.memo)}`;
    return `${date} * ${quoted(transaction.kind)}${narration}\n${metadata.join('')}${sidesOf(transaction)}\n`;
  },
  // Without a tolerance: to the last digit.
  end: (balances, date) =>
    balances
      .map(({ account, currency, amount }) => `${date} balance ${account}  ${exactAmount(amount)} ~ 0 ${currency}\n`)
      .join(''),
};

/** What ends a description or a tag there. */
const plain = (text: string) => text.replaceAll(/[;,|\s]+/g, ' ');

/** For ledger-cli and hledger: https://hledger.org/journal.html */
const ledger: JournalFormat = {
  begin: '; Tollgate ledger\n\n',
  commodity: (currency) => `commodity ${currency}\n  format ${exactAmount(10n ** 15n)} ${currency}\n\n`,
  open: (account) => `account ${account}\n\n`,
  transaction: (transaction, date) => {
    const tags = Object.entries(metadataOf(transaction)).map(([key, value]) => `  ; ${key}: ${value}\n`);
    const memo = transaction.memo === undefined ? '' : ` ${plain(transaction.memo)}`;
    return `${date} * (${transaction.id}) ${transaction.kind}${memo}\n${tags.join('')}${sidesOf(transaction)}\n`;
  },
  end: (balances, date) =>
    balances.length === 0
      ? ''
      : `${date} * balances\n${balances
          .map(({ account, currency, amount }) => {
            const zero = exactAmount(0n);
            return `  ${account}  ${zero} ${currency} = ${exactAmount(amount)} ${currency}\n`;
          })
          .join('')}`,
};

const csvColumns = [
  ...['transaction_id', 'posting_id', 'organisation', 'date', 'kind', 'account', 'debit', 'credit', 'currency'],
  ...['effective_at', 'posted_at', 'period', 'belongs_to', 'corrects', 'memo'],
];

/** RFC 4180; text that a spreadsheet would run as a formula is led by an apostrophe (OWASP, "CSV Injection"). */
const cell = (text: string) => {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

const csv: JournalFormat = {
  begin: `${csvColumns.join(',')}\r\n`,
  commodity: () => '',
  open: () => '',
  transaction: ({ id, orgId, currency, kind, postings, ...rest }, date) =>
    postings
      .flatMap((posting) => {
        const amount = exactAmount(posting.amount);
        const row = (account: string, debit: string, credit: string) =>
          [
            ...[id, posting.id, orgId, date, kind, account, debit, credit, currency, rest.effectiveAt, rest.postedAt],
            ...[rest.period, rest.belongsTo, rest.corrects ?? '', rest.memo ?? ''],
          ]
            .map(cell)
            .join(',');
        return [`${row(posting.debit.name, amount, '')}\r\n`, `${row(posting.credit.name, '', amount)}\r\n`];
      })
      .join(''),
  end: () => '',
};

export const journalFormat: Readonly<Record<JournalFormatName, JournalFormat>> = { csv, beancount, ledger };
