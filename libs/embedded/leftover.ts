import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from './engine-failure.js';

const patienceMs = 5_000;
const pollMs = 20;

/**
 * Stops what an earlier run left behind after it was killed, and removes its pid file.
 * A pid is reused by the system: only a process whose command line names `mark`, a path of ours, is touched.
 */
export async function stopLeftover(pidFile: string, mark: string, signal: NodeJS.Signals): Promise<void> {
  const pid = await recordedPid(pidFile);
  if (pid === undefined) return;
  if ((await commandLine(pid)).includes(mark)) {
    process.kill(pid, signal);
    for (let waitedMs = 0; isAlive(pid); waitedMs += pollMs) {
      if (waitedMs >= patienceMs) process.kill(pid, 'SIGKILL');
      await sleep(pollMs);
    }
  }
  await rm(pidFile, { force: true });
}

/** The first line of a pid file, as PostgreSQL and nats-server write them. */
async function recordedPid(pidFile: string): Promise<number | undefined> {
  const [line = ''] = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(line.trim());
  return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
}

/** Empty when there is no such process. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const shown = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => undefined);
  return shown?.stdout ?? '';
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}
