import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ClickHouse, connectClickHouse } from '#clickhouse/connect.js';
import { migrateClickHouse } from '#clickhouse/migrate.js';

export interface TestClickHouse {
  readonly clickhouse: ClickHouse;
  /** Closes the engine and removes its data. Always in `afterAll`: see below. */
  drop(): Promise<void>;
}

/**
 * The real engine in this process, on an empty, migrated directory of this test file's own.
 *
 * The engine holds one directory per process, and Jest runs the files of a worker one after the other in one process.
 * So a file opens the engine once, in `beforeAll`, and closes it in `afterAll`, however its tests end: the next file
 * then opens another directory. A test that needs a second engine at the same time starts a child process.
 */
export async function testClickHouse(): Promise<TestClickHouse> {
  const directory = await mkdtemp(join(tmpdir(), 'tollgate-clickhouse-'));
  const clickhouse = connectClickHouse({ directory });
  await migrateClickHouse(clickhouse);
  return {
    clickhouse,
    drop: async () => {
      await clickhouse.close();
      // The engine's own threads may still write for a moment.
      await rm(directory, { recursive: true, maxRetries: 10 });
    },
  };
}
