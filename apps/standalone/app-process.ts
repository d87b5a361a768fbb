import { fork } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOf, within } from '#embedded/child.js';
import { checkout } from './checkout.js';
import type { Running } from './keep-running.js';
import { StartFailure } from './start-failure.js';

export interface AppProcess {
  readonly name: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string;
}

/** What a relay's request leaves behind is dead at once: a small young generation costs it nothing and saves some 40 MB. */
const nodeOptions: Readonly<Record<string, readonly string[]>> = { relay: ['--max-semi-space-size=8'] };

const readyWithinMs = 60_000;
/** Longer than an app gives itself to drain (libs/service). */
const stopWithinMs = 12_000;

export const entryOf = (name: string) => join(checkout, 'dist/apps', name, 'main.js');

export async function startApp({ name, environment, logFile }: AppProcess): Promise<Running> {
  const log = await open(logFile, 'a', 0o600);
  const { size: logged } = await log.stat();
  const child = fork(entryOf(name), {
    env: environment,
    execArgv: ['--enable-source-maps', ...(nodeOptions[name] ?? [])],
    // In a process group of its own: a Ctrl-C is for the supervisor, which stops the apps in their order.
    detached: true,
    stdio: ['ignore', log.fd, log.fd, 'ipc'],
  });
  const { exited, stop, kill } = endOf(child);
  // The only message of an app is that it is ready (libs/service).
  const announced = new Promise<'ready'>((resolve) => child.once('message', () => resolve('ready')));
  await once(child, 'spawn');
  await log.close();
  const becomeReady = async () => {
    const outcome = await within(readyWithinMs, Promise.race([announced, exited]));
    if (outcome === 'ready') return;
    await kill();
    const reason =
      outcome === undefined ? `it was not ready after ${readyWithinMs / 1000} s` : await lastError(logFile, logged);
    throw new StartFailure(`${name} did not start: ${reason} (log: ${logFile})`);
  };
  return { pid: child.pid ?? 0, ready: becomeReady(), exited, stop: () => stop('SIGTERM', stopWithinMs), kill };
}

/**
 * The last error that an app logged (libs/telemetry), or what Node printed last.
 * @param from where its log began: before are other runs.
 */
async function lastError(logFile: string, from: number): Promise<string> {
  const text = (await readFile(logFile)).subarray(from).toString().trimEnd();
  if (text === '') return 'it printed nothing';
  const lines = text.split('\n');
  const [, message] = /"level":"error".*?"message":("(?:[^"\\]|\\.)*")/.exec(lines.findLast(isError) ?? '') ?? [];
  if (message !== undefined) return String(JSON.parse(message));
  return lines.findLast((line) => /^\w*Error/.test(line)) ?? lines.at(-1) ?? text;
}

const isError = (line: string) => line.includes('"level":"error"');
