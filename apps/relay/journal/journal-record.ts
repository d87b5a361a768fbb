import { z } from 'zod';
import { count, identifier, instant } from '#contracts/cloud-event.js';
import { usageEvent } from '#contracts/usage-event.js';
import { apis } from '#protocols/api.js';

/** All that is known of an attempt before its first byte goes upstream: enough to account for it if we die. */
export const openedAttempt = z.object({
  id: z.string().min(1).max(128),
  relayId: identifier,
  requestId: identifier,
  attempt: count,
  orgId: identifier,
  teamId: identifier,
  projectId: identifier,
  keyId: identifier,
  channelId: identifier,
  provider: z.string().min(1).max(64),
  api: z.enum(apis),
  requestedModel: z.string().max(256),
  priceVersion: z.string().min(1).max(64),
  startedAt: instant,
});
export type OpenedAttempt = z.infer<typeof openedAttempt>;

/** One line of the journal. It holds identities and counts, never content. */
const journalRecord = z.union([
  z.object({ opened: openedAttempt }),
  z.object({ settled: usageEvent }),
  z.object({ published: z.array(z.string()) }),
]);
export type JournalRecord = z.infer<typeof journalRecord>;

/** undefined when the line is no record of ours. */
export function readRecord(line: string): JournalRecord | undefined {
  try {
    return journalRecord.safeParse(JSON.parse(line)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
