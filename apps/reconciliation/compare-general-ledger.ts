import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import type { GeneralLedgerTotals } from './read-view.js';

/** Postings have to be what the sub-ledger charged, in revenue and in cost. Both are of the same moment, not of the cut. */
export function compareGeneralLedger(totals: GeneralLedgerTotals): ReconciliationBreak[] {
  return totals.flatMap(({ orgId, currency, revenue, charged, cost, chargedCost }) => {
    const place = { kind: 'general_ledger', source: 'general_ledger', orgId, currency } as const;
    return [
      { expected: charged, found: revenue, what: 'revenue' },
      { expected: chargedCost, found: cost, what: 'cost' },
    ].flatMap(({ expected, found, what }) => {
      const difference = parseAmount(found) - parseAmount(expected);
      if (difference === 0n) return [];
      const size = formatAmount(difference < 0n ? -difference : difference);
      return [
        { ...place, expected: `${expected} of ${what} charged`, found: `${found} of ${what} posted`, difference: size },
      ];
    });
  });
}
