import { Command } from 'commander';
import { BookReader } from './book-reader.js';
import { readGuards } from './read-guards.js';
import { databaseOf } from './verify.command.js';

/** For who writes a migration: what its new tables' triggers and grants are has to stand in the verifier, too. */
export function guardsCommand(): Command {
  return new Command('guards')
    .description('Print expected-guards.ts as it has to be for this freshly migrated database.')
    .option('--database-url <url>', 'the PostgreSQL database (default: DATABASE_URL)')
    .action(async ({ databaseUrl }: { databaseUrl?: string }) => {
      const book = await BookReader.open(databaseOf(databaseUrl));
      const guards = await readGuards(book);
      await book.close();
      process.stdout.write(printGuards(guards));
    });
}

export function printGuards(guards: readonly string[]): string {
  const lines = guards.map((guard) => {
    const quote = guard.includes("'") ? '"' : "'";
    return `  ${quote}${guard}${quote},\n`;
  });
  return [
    '/* eslint-disable max-lines -- printed, and as long as the book has guards */\n',
    '// Printed by "npm run -s ledger -- guards" from a freshly migrated database: not to be edited, nor taken from a book in use.\n',
    'export const expectedGuards: readonly string[] = [\n',
    ...lines,
    '];\n',
  ].join('');
}
