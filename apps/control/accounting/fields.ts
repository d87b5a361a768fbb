import { z } from 'zod';
import { currency, identifier } from '#contracts/cloud-event.js';
import {
  asOf,
  ledgerTransaction,
  type LedgerTransaction,
  month,
  type ReportScope,
} from '#contracts/requests/accounting.js';

const { effectiveAsOf, postedAsOf } = asOf.shape;

/** The query parameters of everything that can be asked as of another time. */
export const asOfFields = {
  effectiveAsOf: effectiveAsOf.describe('What had happened by then, inclusive. Left out: everything.'),
  postedAsOf: postedAsOf.describe('What the book knew by then, inclusive. Left out: everything.'),
};

export const scopeFields = {
  currency: currency.exactOptional().describe('One currency. Left out: all.'),
  from: month.exactOptional().describe('The first month of the book (UTC). Left out: from its beginning.'),
  to: month.exactOptional().describe('The last month. Left out: up to the present.'),
  ...asOfFields,
};

/** The scope of an organisation's report, or of one over all of them. */
export const scopeOf = (query: Omit<ReportScope, 'orgId'>, org?: string): ReportScope =>
  org === undefined ? query : { ...query, orgId: org };

const { orgId: _, ...transactionFields } = ledgerTransaction.shape;
export const shownTransaction = z
  .object({ organisationId: identifier, ...transactionFields })
  .meta({ id: 'LedgerTransaction' });

export const showTransaction = ({ orgId, ...transaction }: LedgerTransaction) => ({
  organisationId: orgId,
  ...transaction,
});
