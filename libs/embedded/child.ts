import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineFailure } from './engine-failure.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Ending {
  /** Resolves once, when the process is gone, however that came about. */
  readonly exited: Promise<Exit>;
  /** Asks with `signal`; kills what has not ended after `timeoutMs`. */
  readonly stop: (signal: NodeJS.Signals, timeoutMs: number) => Promise<void>;
  readonly kill: () => Promise<void>;
}

export interface Child extends Ending {
  readonly pid: number;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** Gets everything that the process prints, appended. */
  readonly logFile: string;
  /** Options of `setpriv` that change who the process runs as; see account.ts. */
  readonly identity?: readonly string[];
}

/** util-linux: on every Linux distribution that embedded engines run on. */
export const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/**
 * Starts an engine in a process group of its own, so that a Ctrl-C meant for us does not stop it before its users.
 * On Linux the kernel interrupts it when we die, even of SIGKILL; elsewhere the next start finds it by its pid file.
 */
export async function startChild({ command, args, logFile, identity = [] }: Launch): Promise<Child> {
  const log = await open(logFile, 'a', 0o600);
  try {
    const wrapped = setpriv === undefined ? [command] : [setpriv, '--pdeathsig', 'INT', ...identity, command];
    const [file = command, ...wrapping] = wrapped;
    const child = spawn(file, [...wrapping, ...args], { detached: true, cwd: '/', stdio: ['ignore', log.fd, log.fd] });
    const ended = endOf(child);
    const pid = await new Promise<number>((resolve, reject) => {
      child.once('error', (cause) =>
        reject(new EngineFailure(`Cannot start ${command}: ${cause.message}.`, { cause })),
      );
      child.once('spawn', () => resolve(child.pid ?? 0));
    });
    return { pid, ...ended };
  } finally {
    await log.close();
  }
}

/** Call it right after the start: an end that came before is never seen. */
export function endOf(child: ChildProcess): Ending {
  const exited = new Promise<Exit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const stop = async (signal: NodeJS.Signals, timeoutMs: number) => {
    child.kill(signal);
    if ((await within(timeoutMs, exited)) === undefined) await kill();
  };
  return { exited, stop, kill };
}

/** Undefined when the time is over first. */
export async function within<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  const patience = new AbortController();
  const late = sleep(timeoutMs, undefined, { signal: patience.signal });
  late.catch(() => undefined); // Only ever the abort below.
  try {
    return await Promise.race([promise, late]);
  } finally {
    patience.abort();
  }
}

/** Why a process ended: the last line of its log that looks like it. */
export async function lastLine(logFile: string, pattern: RegExp): Promise<string> {
  const lines = (await readFile(logFile, 'utf8').catch(() => '')).trimEnd().split('\n');
  return lines.findLast((line) => pattern.test(line)) ?? lines.at(-1) ?? '';
}
