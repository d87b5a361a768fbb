import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNats } from '#embedded/nats.js';
import { freePort } from '#embedded/ports.js';

export interface TestNats {
  readonly url: string;
  /** SIGKILL. Nothing answers until `restart`. */
  kill(): Promise<void>;
  /** Ends it in good order, if it runs, and starts it again on the same store and port. */
  restart(): Promise<void>;
  /** Ends it and removes its store. */
  stop(): Promise<void>;
}

/** A nats-server of this test file's own, with JetStream, on an empty store. */
export async function testNats(): Promise<TestNats> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-nats-'));
  const options = {
    dataDir: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
    port: await freePort(),
    toolsDir: join(process.cwd(), '.tollgate/tools'),
  };
  let running = await startNats(options);
  return {
    url: running.url,
    kill: () => running.kill(),
    restart: async () => {
      await running.stop();
      running = await startNats(options);
    },
    stop: async () => {
      await running.stop();
      await rm(folder, { recursive: true, maxRetries: 10 });
    },
  };
}
