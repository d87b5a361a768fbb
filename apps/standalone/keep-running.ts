import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit } from '#embedded/child.js';

export interface Running {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface Kept {
  stop(): Promise<void>;
  kill(): Promise<void>;
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

/**
 * Starts a process, and starts it again whenever it ends by itself, more slowly each time it ends soon.
 * @throws what the first start throws; later ones are reported and tried again.
 */
export async function keepRunning({ name, start, onStart, report }: Keeping): Promise<Kept> {
  let stopping = false;
  let current = start();
  onStart((await current).pid);

  const watch = async () => {
    let delayMs = firstDelayMs;
    while (!stopping) {
      const startedMs = performance.now();
      const end = await current.then(
        async ({ exited }) => describeExit(await exited),
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      if (stopping) return;
      if (performance.now() - startedMs > settledAfterMs) delayMs = firstDelayMs;
      report(`${name} ended: ${end}. Starting it again.`);
      await sleep(delayMs);
      delayMs = Math.min(delayMs * 2, maxDelayMs);
      if (stopping) return;
      current = start();
      current.then(
        ({ pid }) => onStart(pid),
        () => undefined, // The next turn of the loop reports it.
      );
    }
  };
  void watch();

  const end = async (how: 'stop' | 'kill') => {
    stopping = true;
    const running = await current.catch(() => undefined);
    await running?.[how]();
  };
  return { stop: () => end('stop'), kill: () => end('kill') };
}

function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code ?? 'unknown'}` : signal;
}
