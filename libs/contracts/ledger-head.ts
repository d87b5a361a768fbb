import { z } from 'zod';
import { instant } from '#contracts/cloud-event.js';

/** The newest block of the ledger's chain at some moment. Who keeps it can tell later whether the book was rewritten. */
export const ledgerHead = z.object({
  height: z.number().int().nonnegative(),
  /** SHA-256 in lower hex. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  sealedAt: instant,
});
export type LedgerHead = z.infer<typeof ledgerHead>;
