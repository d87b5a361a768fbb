import { z } from 'zod';
import { amount, identifier } from '#contracts/cloud-event.js';
import { creditGrant, walletAssignment, walletState } from '#contracts/requests/wallets.js';
import { organisationPath } from '../organisations/fields.js';

/** Of what moves: nothing moves nothing, and the other way is another operation. */
export const moved = amount.refine((text) => /[1-9]/.test(text) && !text.startsWith('-'), 'must be more than 0');

export const wallet = identifier.describe('`default`, which is there in every currency, or a wallet that was opened.');
export const walletPath = organisationPath.extend({ wallet });
export type WalletPath = z.infer<typeof walletPath>;

/** The ledger's own shapes, which know an organisation as `orgId`, as this API shows them. */
export const shownWallet = shownSchema(walletState).meta({ id: 'Wallet' });
export const shownAssignment = shownSchema(walletAssignment).meta({ id: 'WalletAssignment' });
export const shownGrant = shownSchema(creditGrant).meta({ id: 'Grant' });

function shownSchema<Shape extends z.ZodRawShape & { orgId: z.ZodType }>({ shape }: z.ZodObject<Shape>) {
  const { orgId: _, ...fields } = shape;
  return z.object({ organisationId: identifier, ...fields });
}

export function show<Item extends { readonly orgId: string }>({ orgId, ...item }: Item) {
  return { organisationId: orgId, ...item };
}
