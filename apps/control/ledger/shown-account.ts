import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { type LedgerAccount, ledgerAccount } from '#contracts/requests/ledger.js';

const { orgId: _, ...fields } = ledgerAccount.shape;

export const shownAccount = z.object({ organisationId: identifier, ...fields }).meta({ id: 'LedgerAccount' });

export function showAccount({ orgId, ...account }: LedgerAccount): z.infer<typeof shownAccount> {
  return { organisationId: orgId, ...account };
}
