import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#embedded/ports.js';
import { type RunningPostgres, startPostgres } from '#embedded/postgres.js';

export interface TestPostgres {
  /** The empty database `tollgate`, as its owner. */
  readonly url: string;
  /** SIGKILL. Nothing answers until `restart`. */
  kill(): Promise<void>;
  /** Ends it in good order, if it runs, and starts it again on the same data and port. */
  restart(): Promise<void>;
  /** Ends it and removes its data. */
  stop(): Promise<void>;
}

export const superuser = { name: 'postgres', password: 'test' };

/** A PostgreSQL server of its own: for tests that kill it, and for the one that `testDatabase` shares. */
export async function testPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-postgres-'));
  const options = {
    dataDir: join(folder, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    port: await freePort(),
    superuserPassword: superuser.password,
    ownerPassword: 'test',
    durable: false,
  };
  let running: RunningPostgres = await startPostgres(options);
  return {
    url: running.url,
    kill: () => running.kill(),
    restart: async () => {
      await running.stop();
      running = await startPostgres(options);
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, maxRetries: 10 });
    },
  };
}
