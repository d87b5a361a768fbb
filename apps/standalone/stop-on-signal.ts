import type { Supervisor } from './supervisor.js';

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** A terminal's Ctrl-C may arrive twice at once: from the terminal itself, and passed on by npm. */
const sameKeyPressMs = 1_000;

/**
 * Ends everything, then this process, on the first signal; kills everything on a later Ctrl-C.
 * @returns what takes it back.
 */
export function stopOnSignal(supervisor: Supervisor, report: (line: string) => void, exitCode: number): () => void {
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstMs === undefined) {
      firstMs = performance.now();
      report('Stopping. Press Ctrl-C again to stop at once.');
      void supervisor.stop().then(() => process.exit(exitCode));
    } else if (signal === 'SIGINT' && performance.now() - firstMs > sameKeyPressMs) {
      void supervisor.kill().then(() => process.exit(130));
    }
  };
  for (const signal of signals) process.on(signal, onSignal);
  return () => {
    for (const signal of signals) process.off(signal, onSignal);
  };
}
