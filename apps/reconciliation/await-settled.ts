import { setTimeout as sleep } from 'node:timers/promises';
import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { streams } from '#contracts/streams.js';

const POLL_MS = 50;

/** How far a stream and its consumers are: libs/jetstream/progress.ts. */
export interface Progress {
  readonly lastSequence: (stream: string) => Promise<number>;
  readonly ackFloor: (stream: string, consumer: string) => Promise<number>;
}

/** The way of an event in two steps: what is charged in the first is booked and counted in the second. */
const steps = [
  { stream: streams.usage.name, consumers: ['pricing', 'metering-usage'] },
  { stream: streams.charges.name, consumers: ['ledger', 'metering-charges'] },
];

/**
 * Waits until everything up to the cut has gone all the way.
 * @returns what lags behind when the time is up; nothing when all is settled.
 */
export async function awaitSettled(
  progress: Progress,
  cut: number,
  o: { readonly waitMs: number },
): Promise<ReconciliationBreak[]> {
  const deadline = Date.now() + o.waitMs;
  for (const { stream, consumers } of steps) {
    const target = stream === streams.usage.name ? cut : await progress.lastSequence(stream);
    for (;;) {
      const lagging = await findLagging(progress, { stream, consumers, target });
      if (lagging.length === 0) break;
      if (Date.now() + POLL_MS > deadline) return lagging;
      await sleep(POLL_MS);
    }
  }
  return [];
}

async function findLagging(
  progress: Progress,
  { stream, consumers, target }: { stream: string; consumers: readonly string[]; target: number },
): Promise<ReconciliationBreak[]> {
  const breaks: ReconciliationBreak[] = [];
  for (const consumer of consumers) {
    const floor = await progress.ackFloor(stream, consumer);
    if (floor >= target) continue;
    breaks.push({
      kind: 'timing',
      source: 'pipeline',
      expected: `${consumer} has handled ${stream} up to ${target}`,
      found: `up to ${floor}`,
    });
  }
  return breaks;
}
