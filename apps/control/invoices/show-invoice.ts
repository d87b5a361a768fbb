import type { BillingProfile, Invoice } from '#contracts/requests/invoices.js';
import type { ShownInvoice } from './fields.js';

/** The API says `organisationId` where the contracts say `orgId`. */
export function showInvoice({ orgId, customer, ...invoice }: Invoice): ShownInvoice {
  return { organisationId: orgId, ...invoice, ...(customer === undefined ? {} : { customer: showProfile(customer) }) };
}

export const showProfile = ({ orgId, ...profile }: BillingProfile) => ({ organisationId: orgId, ...profile });
