import type { EntityManager } from 'typeorm';
import type { BillingProfile, Issuer } from '#contracts/requests/invoices.js';

export interface IssuerRow {
  readonly number: string;
  readonly issuer_id: string;
  readonly legal_name: string;
  readonly address: string;
  readonly tax_id: string | null;
  readonly number_prefix: string;
}

export interface BillingRow {
  readonly number: string;
  readonly org_id: string;
  readonly issuer_id: string;
  readonly legal_name: string;
  readonly address: string;
  readonly email: string | null;
  readonly tax_id: string | null;
  readonly jurisdiction: string | null;
  readonly tax_exemption: string | null;
}

/** A revision of a profile: documents name the one that they were made with. */
export interface Revision<Profile> {
  readonly revision: string;
  readonly profile: Profile;
}

export const issuerColumns = 'number, issuer_id, legal_name, address, tax_id, number_prefix';
export const billingColumns =
  'number, org_id, issuer_id, legal_name, address, email, tax_id, jurisdiction, tax_exemption';

export async function findIssuer(db: EntityManager, id: string): Promise<Revision<Issuer> | undefined> {
  const [row] = await db.query<IssuerRow[]>(
    `SELECT ${issuerColumns} FROM issuer_profile WHERE issuer_id = $1 ORDER BY number DESC LIMIT 1`,
    [id],
  );
  return row && { revision: row.number, profile: toIssuer(row) };
}

export async function findBillingProfile(
  db: EntityManager,
  orgId: string,
): Promise<Revision<BillingProfile> | undefined> {
  const [row] = await db.query<BillingRow[]>(
    `SELECT ${billingColumns} FROM billing_profile WHERE org_id = $1 ORDER BY number DESC LIMIT 1`,
    [orgId],
  );
  return row && { revision: row.number, profile: toBillingProfile(row) };
}

export const toIssuer = (row: IssuerRow): Issuer => ({
  id: row.issuer_id,
  legalName: row.legal_name,
  address: row.address.split('\n'),
  ...(row.tax_id === null ? {} : { taxId: row.tax_id }),
  numberPrefix: row.number_prefix,
});

export const toBillingProfile = (row: BillingRow): BillingProfile => ({
  orgId: row.org_id,
  issuer: row.issuer_id,
  legalName: row.legal_name,
  address: row.address.split('\n'),
  ...(row.email === null ? {} : { email: row.email }),
  ...(row.tax_id === null ? {} : { taxId: row.tax_id }),
  taxation: row.jurisdiction === null ? { exemption: row.tax_exemption ?? '' } : { jurisdiction: row.jurisdiction },
});
