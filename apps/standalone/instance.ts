import { setTimeout as sleep } from 'node:timers/promises';
import { type DataDir, openDataDir, readSecrets } from './data-dir.js';
import { findRunning } from './instance-file.js';
import { dataPathOf, type InstanceOptions, type RunningInstance, startInstance } from './start-instance.js';

const pollMs = 100;

/** The instance that runs on this data folder, else a new one. `stop` stops only what was started here. */
export async function attachOrStart(options: InstanceOptions = {}): Promise<RunningInstance> {
  const data = await openDataDir(dataPathOf(options));
  return (await attach(data)) ?? (await startInstance({ interruptedExitCode: 130, ...options }));
}

/** Waits for one that is still starting. */
async function attach(data: DataDir): Promise<RunningInstance | undefined> {
  for (;;) {
    const running = await findRunning(data);
    if (running === undefined) return undefined;
    if (running.status === 'ready') {
      const { adminToken, demoKey } = await readSecrets(data);
      return { ...running, adminToken, demoKey, stop: () => Promise.resolve() };
    }
    await sleep(pollMs);
  }
}
