import { Command } from 'commander';
import { ConfigError } from '#config/config.js';
import { PostgresFailure } from '#postgres/postgres-failure.js';
import { guardsCommand } from './chain/guards.command.js';
import { HeadFileFailure } from './chain/head-file.js';
import { verifyCommand } from './chain/verify.command.js';
import { exportCommand } from './reports/export.command.js';

const explained = [ConfigError, PostgresFailure, HeadFileFailure];

// Who reads our output may have seen enough, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

try {
  const ledger = new Command('ledger')
    .description('The book, for auditors: it needs Postgres and nothing that runs.')
    .addCommand(verifyCommand())
    .addCommand(exportCommand())
    .addCommand(guardsCommand());
  await new Command('tollgate').addCommand(ledger).parseAsync();
} catch (error) {
  const isExplained = explained.some((failure) => error instanceof failure);
  process.stderr.write(`${isExplained ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
