import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { journalFormat, type JournalFormatName, journalFormats } from '#accounting/statements/journal-formats.js';
import { JournalWriter } from '#accounting/statements/journal.js';
import { ConfigError } from '#config/config.js';
import { reportScope } from '#contracts/requests/accounting.js';
import { databaseOf } from '../chain/verify.command.js';
import { BookReader } from '../chain/book-reader.js';
import { streamJournal } from './stream-journal.js';

interface ExportArguments {
  readonly databaseUrl?: string;
  readonly format: JournalFormatName;
  readonly org?: string;
  readonly currency?: string;
  readonly from?: string;
  readonly to?: string;
  readonly effectiveAsOf?: string;
  readonly postedAsOf?: string;
}

/** Another program's view of the book: what it adds up to there, it has to add up to here. */
export function exportCommand(): Command {
  return new Command('export')
    .description('Write the journal to standard output, for an accountant or another accounting program.')
    .option('--database-url <url>', 'the PostgreSQL database (default: DATABASE_URL)')
    .addOption(
      new Option('--format <format>', 'ledger is for hledger, too').choices(journalFormats).makeOptionMandatory(),
    )
    .option('--org <id>', 'one organisation (default: all)')
    .option('--currency <code>', 'one currency (default: all)')
    .option('--from <month>', 'the first month of the book, such as 2026-07')
    .option('--to <month>', 'the last one')
    .option('--effective-as-of <time>', 'what had happened by then')
    .option('--posted-as-of <time>', 'what the book knew by then')
    .action(async ({ databaseUrl, format, org, ...options }: ExportArguments) => {
      const scope = reportScope.safeParse({ ...options, ...(org === undefined ? {} : { orgId: org }) });
      if (!scope.success) throw new ConfigError(z.prettifyError(scope.error));
      const book = await BookReader.open(databaseOf(databaseUrl));
      try {
        const writer = new JournalWriter(journalFormat[format]);
        await write(process.stdout, writer.begin());
        for await (const transaction of streamJournal(book, scope.data))
          await write(process.stdout, writer.add(transaction));
        await write(process.stdout, writer.end());
      } finally {
        await book.close();
      }
    });
}

async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, 'drain');
}
