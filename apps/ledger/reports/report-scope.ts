import type { ReportScope } from '#contracts/requests/accounting.js';

/**
 * Which transactions `t` a report covers, by the parameters $1 to $6. What is shown of a time has milliseconds, so a time
 * that was copied from an answer covers what was answered.
 */
export const coveredTransactions = `
  ($1::text IS NULL OR t.org_id = $1) AND ($2::text IS NULL OR t.currency = $2)
  AND ($3::date IS NULL OR t.period >= $3) AND ($4::date IS NULL OR t.period <= $4)
  AND ($5::timestamptz IS NULL OR date_trunc('milliseconds', t.effective_at) <= $5)
  AND ($6::timestamptz IS NULL OR date_trunc('milliseconds', t.posted_at) <= $6)`;

const firstDayOf = (month: string | undefined) => (month === undefined ? null : `${month}-01`);

export function scopeParameters(scope: ReportScope): (string | null)[] {
  const { orgId = null, currency = null, effectiveAsOf = null, postedAsOf = null } = scope;
  return [orgId, currency, firstDayOf(scope.from), firstDayOf(scope.to), effectiveAsOf, postedAsOf];
}

/** Whether it covers less than everything that an organisation's balances are kept of. */
export const isPartial = ({ from, to, effectiveAsOf, postedAsOf }: ReportScope) =>
  [from, to, effectiveAsOf, postedAsOf].some((bound) => bound !== undefined);
