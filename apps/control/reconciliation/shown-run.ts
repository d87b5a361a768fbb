import { z } from 'zod';
import { identifier } from '#contracts/cloud-event.js';
import { reconciliationBreak, type ReconciliationRun, reconciliationRun } from '#contracts/requests/reconciliation.js';

const organisationId = identifier.exactOptional();
const { orgId: _orgOfRun, ...run } = reconciliationRun.shape;
const { orgId: _orgOfBreak, ...ofBreak } = reconciliationBreak.shape;

const shownBreak = z.object({ organisationId, ...ofBreak }).meta({ id: 'ReconciliationBreak' });
export const shownRun = z
  .object({ organisationId, ...run, breaks: z.array(shownBreak) })
  .meta({ id: 'ReconciliationRun' });

export function showRun({ breaks, ...run }: ReconciliationRun): z.infer<typeof shownRun> {
  return { ...showOrganisation(run), breaks: breaks.map(showOrganisation) };
}

/** The API says `organisationId` where the contracts say `orgId`. */
function showOrganisation<Thing extends { readonly orgId?: string }>({ orgId, ...thing }: Thing) {
  return orgId === undefined ? thing : { organisationId: orgId, ...thing };
}
