import { z } from 'zod';
import { identifier, instant } from '#contracts/cloud-event.js';

/** Who a virtual key belongs to: bucket `directory`, key `key.<hash>`. The key itself is stored nowhere. */
export const directoryKey = z.object({
  keyId: identifier,
  orgId: identifier,
  teamId: identifier,
  projectId: identifier,
  status: z.enum(['active', 'revoked']),
  expiresAt: instant.exactOptional(),
});
export type DirectoryKey = z.infer<typeof directoryKey>;

/** @param hash HMAC-SHA-256 of the whole key under the deployment's pepper, in hex (see libs/config/key-hash.ts). */
export const directoryEntryName = (hash: string) => `key.${hash}`;
