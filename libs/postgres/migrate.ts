import { DataSource } from 'typeorm';
import { migrations } from '#migrations/postgres/all.js';
import { baseOptions } from './data-source.js';
import { postgresFailure } from './postgres-failure.js';

/** Any number will do, as long as every starter takes the same one: "toll" in ASCII. */
const migrationLock = 0x746f6c6c;

/**
 * Brings the database to the newest schema, all or nothing. Several starters at once take turns.
 * The user must be a superuser, or own the database and have CREATEROLE: the first migration creates the apps' roles.
 * @throws PostgresFailure that says what to do.
 */
export function migrate(url: string): Promise<void> {
  return withMigrations(url, async (source) => {
    await source.runMigrations({ transaction: 'all' });
  });
}

/** Takes migrations back, newest first, all of them unless told how many. For tests and for a person who knows that data goes too. */
export function revertMigrations(url: string, count = migrations.length): Promise<void> {
  return withMigrations(url, async (source) => {
    for (let undone = 0; undone < count; undone += 1) await source.undoLastMigration({ transaction: 'all' });
  });
}

async function withMigrations(url: string, change: (source: DataSource) => Promise<void>): Promise<void> {
  const source = new DataSource({
    ...baseOptions(url),
    applicationName: 'tollgate-migrate',
    schema: 'tollgate',
    migrationsTableName: 'migration',
    migrations,
    // One connection works, one holds the lock.
    poolSize: 2,
  });
  try {
    await source.initialize();
    // Held by its session, so it ends with `destroy` below, or with the process: a starter that dies locks nobody out.
    const lock = source.createQueryRunner();
    await lock.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    await lock.query('CREATE SCHEMA IF NOT EXISTS tollgate');
    await change(source);
  } catch (error) {
    throw postgresFailure(error, url);
  } finally {
    if (source.isInitialized) await source.destroy();
  }
}
