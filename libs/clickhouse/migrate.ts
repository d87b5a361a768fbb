import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClickHouse } from './connect.js';
import { splitStatements } from './split-statements.js';

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

interface Migration {
  /** The file's name: `0001-usage-events.sql`. */
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/**
 * Applies each file of migrations/clickhouse once, in the order of their numbers.
 *
 * ClickHouse has no transaction around DDL, and a process may die between two statements: then the whole file is
 * applied again. So every statement must be repeatable, such as CREATE … IF NOT EXISTS.
 * @throws MigrationError when a file was changed, or is gone, after it was applied.
 */
export async function migrateClickHouse(clickhouse: ClickHouse, directory = migrationsDirectory()): Promise<void> {
  await clickhouse.command(
    `CREATE TABLE IF NOT EXISTS migrations (name String, sha256 String, applied_at DateTime DEFAULT now())
     ENGINE = MergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`,
  );
  const applied = new Map(
    (await clickhouse.query<Pick<Migration, 'name' | 'sha256'>>('SELECT name, sha256 FROM migrations')).map(
      ({ name, sha256 }) => [name, sha256],
    ),
  );
  const migrations = await readMigrations(directory);
  requireUnchanged(migrations, applied);
  for (const { name, sql, sha256 } of migrations) {
    if (applied.has(name)) continue;
    for (const statement of splitStatements(sql)) await clickhouse.command(statement);
    await clickhouse.insertRows('migrations', [{ name, sha256 }]);
  }
}

function requireUnchanged(migrations: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const known = new Map(migrations.map(({ name, sha256 }) => [name, sha256]));
  for (const [name, sha256] of applied) {
    if (known.get(name) === sha256) continue;
    throw new MigrationError(
      `The ClickHouse migration ${name} was ${known.has(name) ? 'changed' : 'removed'} after it was applied: restore it, and put the change into a new file.`,
    );
  }
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{4}-.+\.sql$/.test(name)).sort();
  if (names.length === 0) throw new MigrationError(`${directory} holds no migrations, such as 0001-usage-events.sql.`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/** The SQL files are not compiled: they are beside package.json, above this file and above what it is compiled to. */
function migrationsDirectory(): string {
  let root = import.meta.dirname;
  while (!existsSync(join(root, 'package.json'))) {
    if (root === dirname(root)) throw new MigrationError(`There is no package.json above ${import.meta.dirname}.`);
    root = dirname(root);
  }
  return join(root, 'migrations', 'clickhouse');
}
