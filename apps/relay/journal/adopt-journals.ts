import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonLogger } from '#telemetry/log.js';
import { Publisher, type PublisherPorts } from '../publish/publisher.js';
import { workerNumber } from '../workers/worker-id.js';
import { Journal } from './journal.js';
import { recoverAttempts } from './recover-attempts.js';

export interface Adoption {
  readonly journalDir: string;
  readonly relayId: string;
  /** How many workers there are now. */
  readonly workers: number;
}

/** The journals of workers that this relay had and does not start any more. */
export function abandonedJournals({ journalDir, relayId, workers }: Adoption): string[] {
  const names = readdirSync(journalDir).filter((name) => (workerNumber(relayId, name) ?? 0) > workers);
  return names.map((name) => join(journalDir, name));
}

/**
 * Finishes what such a worker has begun, and removes its journal when the log holds all of it.
 * @throws JournalLocked while the worker still drains: the next start adopts it.
 */
export async function adoptJournal(folder: string, publish: PublisherPorts['publish'], log: JsonLogger): Promise<void> {
  const journal = await Journal.open(folder, (sentence) => log.error(sentence));
  const publisher = new Publisher({
    publish,
    published: (ids) => journal.published(ids),
    complain: (sentence, error) => log.warn(sentence, error),
  });
  await recoverAttempts(journal, publisher, log);
  await publisher.idle();
  await journal.close();
  rmSync(folder, { recursive: true });
}
