import { Command } from 'commander';
import { ConfigError } from '#config/config.js';
import { EngineFailure } from '#embedded/engine-failure.js';
import { PostgresFailure } from '#postgres/postgres-failure.js';
import { DemoFailure } from './demo/demo-failure.js';
import { demoCommand } from './demo/demo.command.js';
import { ledgerCommand } from './ledger.command.js';
import { migrateCommand } from './migrate.command.js';
import { startCommand } from './start.command.js';
import { StartFailure } from './start-failure.js';

const explained = [StartFailure, EngineFailure, ConfigError, PostgresFailure, DemoFailure];

const program = new Command('tollgate')
  .description('Relays AI API calls and charges for them exactly.')
  .enablePositionalOptions()
  .addCommand(startCommand(), { isDefault: true })
  .addCommand(demoCommand())
  .addCommand(ledgerCommand())
  .addCommand(migrateCommand());

// A terminal that is gone must not keep us from stopping in good order.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  await program.parseAsync();
} catch (error) {
  const isExplained = explained.some((failure) => error instanceof failure);
  // A failure that nobody foresaw is a bug: its stack says where.
  process.stderr.write(`${isExplained ? (error as Error).message : (error as Error).stack}\n`);
  process.exit(1);
}
