import { isDeepStrictEqual } from 'node:util';
import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { BillingProfile, getBillingProfile, Issuer, listIssuers } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { takeTurn } from '../post-transactions.js';
import { findBillingProfile, findIssuer, issuerColumns, type IssuerRow, toIssuer } from './read-profiles.js';

/** From the next invoice on. What an issuer is already leaves no new row. */
export function setIssuerProfile(source: DataSource, issuer: Issuer): Promise<Issuer> {
  return takeTurn(source, async (db) => {
    const before = await findIssuer(db, issuer.id);
    if (isDeepStrictEqual(before?.profile, issuer)) return issuer;
    await db.query(
      `INSERT INTO issuer_profile (issuer_id, legal_name, address, tax_id, number_prefix) VALUES ($1, $2, $3, $4, $5)`,
      [issuer.id, issuer.legalName, issuer.address.join('\n'), issuer.taxId, issuer.numberPrefix],
    );
    return issuer;
  });
}

export async function readIssuers(
  source: DataSource,
  request: z.infer<typeof listIssuers.request>,
): Promise<z.infer<typeof listIssuers.reply>> {
  const size = pageSize(request);
  const rows = await source.query<IssuerRow[]>(
    `SELECT DISTINCT ON (issuer_id) ${issuerColumns} FROM issuer_profile
     WHERE $1::text IS NULL OR issuer_id > $1 ORDER BY issuer_id, number DESC LIMIT $2`,
    [...cursorOf(request, 1), size + 1],
  );
  return toPage(rows, size, (row) => [row.issuer_id], toIssuer);
}

/** @throws RequestFailure `not_found` for an issuer that nobody has set. */
export function setCustomer(source: DataSource, profile: BillingProfile): Promise<BillingProfile> {
  return takeTurn(source, async (db) => {
    if ((await findIssuer(db, profile.issuer)) === undefined) {
      throw new RequestFailure('not_found', `There is no issuer "${profile.issuer}": set it first.`);
    }
    const before = await findBillingProfile(db, profile.orgId);
    if (isDeepStrictEqual(before?.profile, profile)) return profile;
    const { orgId, issuer, legalName, address, email, taxId, taxation } = profile;
    await db.query(
      `INSERT INTO billing_profile (org_id, issuer_id, legal_name, address, email, tax_id, jurisdiction, tax_exemption)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        ...[orgId, issuer, legalName, address.join('\n'), email, taxId],
        'jurisdiction' in taxation ? taxation.jurisdiction : null,
        'exemption' in taxation ? taxation.exemption : null,
      ],
    );
    return profile;
  });
}

export async function readCustomer(
  source: DataSource,
  { orgId }: z.infer<typeof getBillingProfile.request>,
): Promise<BillingProfile> {
  const found = await findBillingProfile(source.manager, orgId);
  if (found === undefined) throw new RequestFailure('not_found', `${orgId} has no billing profile: set one.`);
  return found.profile;
}
