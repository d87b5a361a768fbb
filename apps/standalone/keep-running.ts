import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '#embedded/child.js';

export interface Running {
  readonly pid: number;
  /** Rejects when the process ends, or takes too long, before it can do its work. */
  readonly ready: Promise<void>;
  readonly exited: Promise<Exit>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

export interface Kept {
  /** Of the first start, which is not tried again. */
  readonly ready: Promise<void>;
  readonly stop: () => Promise<void>;
  readonly kill: () => Promise<void>;
}

export interface Keeping {
  readonly name: string;
  readonly start: () => Promise<Running>;
  /** Told the pid after every start, the first one too. */
  readonly onStart: (pid: number) => void;
  readonly report: (line: string) => void;
}

const firstDelayMs = 100;
const maxDelayMs = 5_000;
/** A process that lived this long had started well: its end is a new misfortune. */
const settledAfterMs = 10_000;

/** Starts a process, and starts it again whenever it ends by itself, more slowly each time it ends soon. */
export function keepRunning({ name, start, onStart, report }: Keeping): Kept {
  let stopping = false;
  const begin = async () => {
    const running = await start();
    onStart(running.pid);
    return running;
  };
  let current = begin();

  const whenReady = async () => (await current).ready;
  const whenEnded = async () => {
    try {
      await whenReady();
      return describeExit(await (await current).exited);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const watch = async () => {
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
      const startedMs = performance.now();
      const end = await whenEnded();
      if (stopping) return;
      if (performance.now() - startedMs > settledAfterMs) delayMs = firstDelayMs;
      report(`${name} ended (${end}) and is started again.`);
      await sleep(delayMs);
      if (stopping) return;
      current = begin();
    }
  };
  const ready = whenReady();
  ready.then(watch, () => undefined); // Whoever awaits `ready` hears of its failure.

  const end = async (how: 'stop' | 'kill') => {
    stopping = true;
    const running = await current.catch(() => undefined);
    await running?.[how]();
  };
  return { ready, stop: () => end('stop'), kill: () => end('kill') };
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : signal;
}
