import { Command } from 'commander';
import { z } from 'zod';
import { loadConfig } from '#config/config.js';
import { databaseUrl } from '#config/settings.js';
import { migrate } from '#postgres/migrate.js';

/** For where the apps are started by something else, such as docker compose: `start` migrates by itself. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('Bring the database of DATABASE_URL to the newest schema, or leave it as it is.')
    .action(() => migrate(loadConfig(z.object({ DATABASE_URL: databaseUrl })).DATABASE_URL));
}
