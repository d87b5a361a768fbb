import { ConfigError } from '#config/config.js';
import { describeError, logger } from '#telemetry/log.js';

/** How long an app may finish what it has begun. What is not done by then is done again after the next start. */
export const MAX_DRAIN_MS = 10_000;

export interface Running {
  close(): Promise<void>;
}

/**
 * An app's life. Starts it, tells the supervisor `{ type: 'ready' }` over the IPC channel where there is one, and on
 * SIGTERM, SIGINT or the loss of the supervisor drains and exits 0. Whatever nobody handled ends the process with 1:
 * a process in an unknown state must not go on booking, and a fresh one takes up where the log says.
 */
export function runService(name: string, start: () => Promise<Running>): void {
  const log = logger(name);
  const fail = (what: string, error: unknown): never => {
    if (error instanceof ConfigError) for (const sentence of error.message.split('\n')) log.error(sentence);
    else log.error(`${what}: ${describeError(error)}`, error);
    process.exit(1);
  };
  process.on('uncaughtException', (error) => fail(`${name} stops because of an error that nobody handled`, error));
  process.on('unhandledRejection', (error) => fail(`${name} stops because of a rejection that nobody handled`, error));

  const started = Promise.resolve().then(start);
  let stopping = false;
  const stop = (why: string) => {
    if (stopping) return;
    stopping = true;
    log.log(`${name} drains: ${why}.`);
    setTimeout(
      () => fail(`${name} did not drain`, new Error(`it was still busy after ${MAX_DRAIN_MS} ms`)),
      MAX_DRAIN_MS,
    );
    started
      .then((app) => app.close())
      .then(
        () => process.exit(0),
        (error: unknown) => fail(`${name} could not drain`, error),
      );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  // The supervisor died, perhaps by SIGKILL: nobody else would ever end this process.
  process.on('disconnect', () => stop('the supervisor is gone'));
  // It may have died while this process was still loading: `send` tells that there was a channel.
  if (process.send !== undefined && !process.connected) stop('the supervisor is gone');

  started.then(
    () => {
      if (stopping) return;
      log.log(`${name} is ready.`);
      if (process.connected) process.send?.({ type: 'ready' });
    },
    (error: unknown) => fail(`${name} could not start`, error),
  );
}
