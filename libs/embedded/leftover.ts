import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { codeOf } from './engine-failure.js';

const patienceMs = 5_000;
const pollMs = 20;

/** A process of an earlier run. The system reuses pids: it is only ours if its command line names `mark`, a path of ours. */
export interface Recorded {
  readonly pid: number;
  readonly mark: string;
}

/** Stops what an earlier run left behind when it was killed, and waits until it is gone. */
export async function stopRecorded(recorded: Recorded, signal: NodeJS.Signals): Promise<void> {
  for (let waitedMs = 0; await isRunning(recorded); waitedMs += pollMs) {
    if (waitedMs === 0) send(recorded.pid, signal);
    if (waitedMs >= patienceMs) send(recorded.pid, 'SIGKILL');
    await sleep(pollMs);
  }
}

/** It may end between our look and our signal. */
function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}

/** The same for an engine that keeps a pid file, which is removed: a pid that is somebody else's must not stop a start. */
export async function stopLeftover(pidFile: string, mark: string, signal: NodeJS.Signals): Promise<void> {
  const pid = await recordedPid(pidFile);
  if (pid === undefined) return;
  await stopRecorded({ pid, mark }, signal);
  await rm(pidFile, { force: true });
}

export async function isRunning({ pid, mark }: Recorded): Promise<boolean> {
  return (await commandLine(pid)).includes(mark);
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
