import type { JsonLogger } from '#telemetry/log.js';
import type { Publisher } from '../publish/publisher.js';
import { settleExpired } from '../settle/settle-attempt.js';
import type { Journal } from './journal.js';

/**
 * Finishes what a run that died has begun: its settled events are published again as they are, and its open attempts are
 * settled as expired. Nobody saw how those ended, so they are suspended downstream until a person or a statement knows.
 */
export async function recoverAttempts(journal: Journal, publisher: Publisher, log: JsonLogger): Promise<void> {
  const { open, unpublished } = journal.recovered;
  for (const event of unpublished.values()) publisher.add(event);
  const finishedAt = new Date().toISOString();
  for (const attempt of open.values()) {
    const event = settleExpired(attempt, finishedAt);
    await journal.settled(event);
    publisher.add(event);
  }
  if (open.size + unpublished.size === 0) return;
  log.warn(`The journal held ${unpublished.size} unpublished events and ${open.size} open attempts: recovered.`);
}
