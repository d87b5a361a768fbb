import { proveSpending } from '../budgets/recompute-spending.js';
import type { CheckResult } from './finding.js';
import { withReader } from './with-reader.js';

/** What is kept as spent of every budget that counts is what the charges and adjustments of its scope come to. */
export function verifySpending(databaseUrl: string): Promise<CheckResult> {
  return withReader(databaseUrl, async (source) => {
    const [row] = await source.query<{ count: string }[]>('SELECT count(*) FROM budget_in_force WHERE NOT archived');
    const differences = await proveSpending(source);
    const result = { check: 'spending', seen: `${row?.count ?? 0} budgets`, wrong: differences.length };
    const [first] = differences;
    if (first === undefined) return result;
    const key = `${first.orgId} ${first.budgetId} ${first.periodStart}`;
    return { ...result, first: { table: 'budget_spent', key, stored: first.kept, expected: first.booked } };
  });
}
