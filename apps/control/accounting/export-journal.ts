import { Readable } from 'node:stream';
import type { NatsConnection } from '@nats-io/transport-node';
import { StreamableFile } from '@nestjs/common';
import { journalFormat, type JournalFormatName } from '#accounting/statements/journal-formats.js';
import { JournalWriter } from '#accounting/statements/journal.js';
import { journal, type LedgerTransaction, type ReportScope } from '#contracts/requests/accounting.js';
import { ask } from '#jetstream/ask.js';
import { parseAmount } from '#money/pico.js';

const files: Readonly<Record<JournalFormatName, { type: string; name: string }>> = {
  csv: { type: 'text/csv; charset=utf-8; header=present', name: 'journal.csv' },
  beancount: { type: 'text/plain; charset=utf-8', name: 'journal.beancount' },
  ledger: { type: 'text/plain; charset=utf-8', name: 'journal.ledger' },
};

/** The journal as a file of any length: its pages are asked for while it is sent. What the first page refuses, this throws. */
export async function exportJournal(
  nats: NatsConnection,
  name: JournalFormatName,
  scope: ReportScope,
): Promise<StreamableFile> {
  const first = await ask(nats, journal, scope);
  const { type, name: file } = files[name];
  return new StreamableFile(Readable.from(write(nats, name, scope, first)), {
    type,
    disposition: `attachment; filename="${file}"`,
  });
}

type Page = Awaited<ReturnType<typeof ask<typeof journal.request, typeof journal.reply>>>;

async function* write(nats: NatsConnection, name: JournalFormatName, scope: ReportScope, first: Page) {
  const writer = new JournalWriter(journalFormat[name]);
  yield writer.begin();
  for (let page = first; ; page = await ask(nats, journal, { ...scope, after: page.next })) {
    yield page.items.map((transaction) => writer.add(toJournal(transaction))).join('');
    if (page.next === undefined) break;
  }
  yield writer.end();
}

const toJournal = ({ postings, ...transaction }: LedgerTransaction) => ({
  ...transaction,
  postings: postings.map(({ id, debit, debitKind, credit, creditKind, amount }) => ({
    id,
    debit: { name: debit, kind: debitKind },
    credit: { name: credit, kind: creditKind },
    amount: parseAmount(amount),
  })),
});
