import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { logger } from '#telemetry/log.js';
import type { RelayConfig } from '../relay.config.js';
import { workerId } from './worker-id.js';

/** A worker that cannot start does not take the machine with it. */
const RESTART_AFTER_MS = 1_000;

export interface RunningWorkers {
  close(): Promise<void>;
}

/**
 * Several processes on one port, each a relay of its own: with its own id, journal and leases, so that they share
 * nothing but the connections that this process hands out. One that ends is started again, and recovers its journal.
 * @throws Error when one cannot start at first: its own log says why.
 */
export async function startWorkers(config: RelayConfig): Promise<RunningWorkers> {
  const log = logger('relay', config.TOLLGATE_LOG_LEVEL);
  const running = new Map<number, Worker>();
  let closing = false;

  const start = async (number: number): Promise<void> => {
    const worker = cluster.fork({ TOLLGATE_RELAY_ID: workerId(config.TOLLGATE_RELAY_ID, number) });
    running.set(number, worker);
    const ended = endOf(worker);
    const ready = await Promise.race([isReady(worker), ended.then(() => false)]);
    if (!ready && !closing) throw new Error(`worker ${number} ended before it was ready`);
    void ended.then((end) => keep(number, end));
  };
  const keep = async (number: number, end: string): Promise<void> => {
    running.delete(number);
    while (!closing) {
      log.error(`Worker ${number} ended (${end}): it is started again.`);
      await delay(RESTART_AFTER_MS);
      if (closing) return;
      const started = await start(number).then(
        () => true,
        () => false,
      );
      if (started) return;
    }
  };

  const numbers = Array.from({ length: config.TOLLGATE_RELAY_WORKERS }, (_, index) => index + 1);
  await Promise.all(numbers.map(start));
  return {
    async close() {
      closing = true;
      const alive = [...running.values()].filter((worker) => !worker.isDead());
      const ended = alive.map(endOf);
      for (const worker of alive) worker.process.kill('SIGTERM');
      await Promise.all(ended);
    },
  };
}

/** The only message of a service is that it is ready (libs/service). */
async function isReady(worker: Worker): Promise<boolean> {
  await once(worker, 'message');
  return true;
}

/** @returns the signal or the exit code that it ended with. */
function endOf(worker: Worker): Promise<string> {
  return new Promise((resolve) => worker.once('exit', (code, signal) => resolve(signal || String(code))));
}
