import { z } from 'zod';
import { count, identifier } from '#contracts/cloud-event.js';
import type { PolicyLevel } from '#contracts/directory.js';

/**
 * What relays have taken of the limits of one level of policy: bucket `rates`. Whoever takes a share writes the whole entry
 * over the revision that it read, so that all shares together are never more than the limit.
 */
export const rateEntry = z.object({
  /** Since 1970, by the broker's clock. What was taken of an earlier one counts no more. */
  minute: count,
  requests: count,
  tokens: count,
  /** How many requests each relay may have under way, until when: in milliseconds since 1970. */
  slots: z.record(identifier, z.object({ count, untilMs: count })),
});
export type RateEntry = z.infer<typeof rateEntry>;

export const rateEntryName = (orgId: string, level: PolicyLevel, id: string) => `${level}.${orgId}.${id}`;
