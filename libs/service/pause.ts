import { setTimeout as delay } from 'node:timers/promises';

interface PauseOptions {
  readonly signal: AbortSignal;
  /** False: nothing else left to do, the process ends during the pause. */
  readonly ref?: boolean;
}

/** Waits until that time has passed or the signal aborts: a pause that is cut short is no failure. */
export async function pause(ms: number, options: PauseOptions): Promise<void> {
  try {
    await delay(ms, undefined, options);
  } catch (error) {
    if ((error as { readonly name?: unknown }).name !== 'AbortError') throw error;
  }
}
