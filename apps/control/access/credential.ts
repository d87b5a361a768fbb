import { z } from 'zod';
import { instant } from '#contracts/cloud-event.js';
import type { StoredCredential } from './stored-credential.js';

/** Of a virtual key or an admin token, as it is shown. */
export const credential = z.object({
  last4: z.string().describe('Its last four characters, to tell it apart.'),
  status: z.enum(['active', 'expired', 'revoked']),
  createdAt: instant,
  expiresAt: instant.exactOptional(),
  revokedAt: instant.exactOptional(),
});

export const expiry = instant
  .refine((time) => Date.parse(time) > Date.now(), 'must be in the future')
  .exactOptional()
  .describe('When it stops to work. Left out: never.');

type Stored = Omit<StoredCredential, 'hash'>;

export function showCredential({ last4, createdAt, expiresAt, revokedAt }: Stored): z.infer<typeof credential> {
  const expired = expiresAt !== null && expiresAt.getTime() <= Date.now();
  return {
    last4,
    status: revokedAt !== null ? 'revoked' : expired ? 'expired' : 'active',
    createdAt: createdAt.toISOString(),
    ...(expiresAt === null ? {} : { expiresAt: expiresAt.toISOString() }),
    ...(revokedAt === null ? {} : { revokedAt: revokedAt.toISOString() }),
  };
}
