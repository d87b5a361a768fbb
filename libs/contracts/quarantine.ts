import { z } from 'zod';
import { count, identifier, instant, sha256Hex } from '#contracts/cloud-event.js';

/**
 * What could not be processed, with the reason, on QUARANTINE. Its subject is its identity and a subject holds one
 * message for ever, so parking again after a crash changes nothing.
 */
export const quarantined = z.object({
  reason: z.object({
    code: z.enum(['undecodable', 'invalid', 'payload_conflict', 'hash_mismatch']),
    detail: z.string().max(1024),
  }),
  parkedBy: z.string().max(64),
  parkedAt: instant,
  stream: z.string().max(64),
  position: z.object({ sequence: count, index: count }),
  /** Absent when the delivery could not be read far enough to know. */
  org: identifier.exactOptional(),
  eventId: z.string().max(128).exactOptional(),
  dataHash: sha256Hex.exactOptional(),
});
export type Quarantined = z.infer<typeof quarantined>;

/** A payload conflict is one parked thing per (org, event id, content); anything unreadable is one per log position. */
export function quarantineSubject(
  item: Pick<Quarantined, 'org' | 'eventId' | 'dataHash' | 'stream' | 'position'>,
): string {
  if (item.org !== undefined && item.eventId !== undefined && item.dataHash !== undefined) {
    const id = Buffer.from(item.eventId).toString('base64url');
    return `quarantine.v1.event.${item.org}.${id}.${item.dataHash}`;
  }
  return `quarantine.v1.position.${item.stream}.${item.position.sequence}.${item.position.index}`;
}
