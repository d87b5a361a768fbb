import { randomBytes } from 'node:crypto';

/**
 * A virtual key (`tg-…`) or admin token (`tga-…`): 192 random bits in a form of its own, `tga?-[0-9a-f]{48}`, so that
 * secret scanners find it where it does not belong.
 */
export function newSecret(prefix: 'tg' | 'tga'): string {
  return `${prefix}-${randomBytes(24).toString('hex')}`;
}

/** What of a secret is shown and stored, for people to tell theirs apart. */
export const last4 = (secret: string) => secret.slice(-4);
