import type { ReconciliationBreak, ReconciliationRun } from '#contracts/requests/reconciliation.js';
import { type Currency, formatAmount, parseAmount, type Pico } from '#money/pico.js';
import type { Cells } from './cells.js';
import type { View } from './read-view.js';

type Counts = ReconciliationRun['counts'];

/** Σ amounts by currency. */
export function sumAmounts(cells: Cells): Map<Currency, Pico> {
  const sums = new Map<Currency, Pico>();
  for (const { money } of cells.values()) {
    if (money !== undefined) sums.set(money.currency, (sums.get(money.currency) ?? 0n) + money.amount);
  }
  return sums;
}

/** accepted is the log's; what became of it is the ledger's and the quarantine's word. */
export function countFates({ log, sources, parked }: View): Counts {
  const counts = { accepted: log.accepted, charged: 0, suspended: 0, voided: 0, quarantined: parked.size };
  for (const { status, count } of sources.ledger.values()) counts[status] += count;
  return counts;
}

/** Nothing accepted may be without a fate, or have two. */
export function compareCounts({ accepted, charged, suspended, quarantined, voided }: Counts): ReconciliationBreak[] {
  const settled = charged + suspended + quarantined + voided;
  if (settled === accepted) return [];
  return [
    {
      kind: settled < accepted ? 'missing' : 'unexpected',
      source: 'pipeline',
      expected: `${accepted} accepted`,
      found: `${charged} charged + ${suspended} suspended + ${quarantined} quarantined + ${voided} voided = ${settled}`,
    },
  ];
}

export function totalsOf({ log, sources, generalLedger }: View): ReconciliationRun['totals'] {
  const sums = {
    log: sumAmounts(log.cells),
    clickhouse: sumAmounts(sources.clickhouse),
    recomputed: sumAmounts(sources.recomputed),
    ledger: sumAmounts(sources.ledger),
  };
  // The general ledger is up to now; what the sub-ledger charged since the cut is taken off to compare like with like.
  const posted = new Map<Currency, Pico>();
  for (const { currency, revenue, charged } of generalLedger) {
    const ahead = parseAmount(revenue) - parseAmount(charged);
    posted.set(currency, (posted.get(currency) ?? sums.ledger.get(currency) ?? 0n) + ahead);
  }
  const currencies = new Set([...Object.values(sums), posted].flatMap((sum) => [...sum.keys()]));
  const write = (sum: ReadonlyMap<Currency, Pico>, currency: Currency) => formatAmount(sum.get(currency) ?? 0n);
  return [...currencies].sort().map((currency) => ({
    currency,
    log: write(sums.log, currency),
    clickhouse: write(sums.clickhouse, currency),
    recomputed: write(sums.recomputed, currency),
    ledger: write(sums.ledger, currency),
    generalLedger: write(posted, currency),
  }));
}
