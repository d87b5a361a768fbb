import { z } from 'zod';
import { count, identifier, instant } from '#contracts/cloud-event.js';
import { experimentArm, usageEvent } from '#contracts/usage-event.js';
import { usageApis } from '#usage/usage-api.js';

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
  experiment: experimentArm.exactOptional(),
  provider: z.string().min(1).max(64),
  api: z.enum(usageApis),
  requestedModel: z.string().max(256),
  /** Which lease paid for it in advance. Absent of attempts that were opened before there were leases. */
  leaseId: identifier.exactOptional(),
  priceVersion: z.string().min(1).max(64),
  startedAt: instant,
});
export type OpenedAttempt = z.infer<typeof openedAttempt>;

/** A usage event as the JSON that it stays: the journal keeps this very text, and JetStream gets it. */
export interface SettledEvent {
  readonly id: string;
  readonly orgId: string;
  readonly json: string;
}

/** One line of the journal. It holds identities and counts, never content. */
const journalRecord = z.union([
  z.object({ opened: openedAttempt }),
  z.object({ settled: usageEvent }),
  z.object({ published: z.array(z.string()) }),
]);

export type JournalRecord =
  { readonly opened: OpenedAttempt } | { readonly settled: SettledEvent } | { readonly published: readonly string[] };

const SETTLED = '{"settled":';

/** @returns a line, with its end. */
export function writeRecord(record: JournalRecord): string {
  return 'settled' in record ? `${SETTLED}${record.settled.json}}\n` : `${JSON.stringify(record)}\n`;
}

/** undefined when the line is no record of ours. */
export function readRecord(line: string): JournalRecord | undefined {
  try {
    const record = journalRecord.parse(JSON.parse(line));
    if (!('settled' in record)) return record;
    // The text itself, not what the schema made of it: what was journaled is what is published.
    const json = line.slice(SETTLED.length, -1);
    return { settled: { id: record.settled.id, orgId: record.settled.org, json } };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}
