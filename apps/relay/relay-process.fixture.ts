import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '#embedded/ports.js';

export interface RelayProcess {
  readonly url: string;
  readonly pid: number;
  /** All that it has logged. */
  readonly log: () => string;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

const main = join(process.cwd(), 'dist/apps/relay/main.js');

/** The relay as a process of its own, from dist/: something that can be killed. */
export async function startRelayProcess(environment: Record<string, string>): Promise<RelayProcess> {
  if (!existsSync(main)) throw new Error(`${main} is missing: run npm run build, or the tests with npm test.`);
  const port = await freePort();
  const child = spawn(process.execPath, [main], {
    env: { ...environment, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (log += String(text)));
  await ready(child, () => log);
  return {
    url: `http://127.0.0.1:${port}`,
    pid: child.pid!,
    log: () => log,
    async stop(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit') as Promise<[number | null]>;
      child.kill(signal);
      return (await exited)[0];
    },
  };
}

async function ready(child: ChildProcess, log: () => string): Promise<void> {
  const exited = once(child, 'exit').then(([code]) => {
    throw new Error(`The relay ended with ${String(code)} before it was ready:\n${log()}`);
  });
  await Promise.race([once(child, 'message'), exited]);
  exited.catch(() => undefined);
}
