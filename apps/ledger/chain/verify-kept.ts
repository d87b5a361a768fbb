import type { BookReader, Row } from './book-reader.js';
import { type CheckResult, Findings } from './finding.js';

/** What is kept beside the book so that it need not be read whole is what reading it whole gives. */
export async function verifyKept(book: BookReader): Promise<CheckResult> {
  const findings = new Findings();
  let count = 0;
  for (const { table, differing, size } of kept) {
    const [[rows] = []] = await book.all(size);
    count += Number(rows);
    for await (const row of book.stream(differing)) findings.add(findingOf(table, row));
  }
  return findings.result('kept', `${count} open grants and months`);
}

const findingOf = (table: string, [key, stored, expected]: Row) => ({
  table,
  key: key ?? '',
  stored: stored ?? 'no row',
  expected: expected ?? 'no row',
});

const kept = [
  {
    table: 'open_grant',
    size: 'SELECT count(*) FROM open_grant',
    differing: `
      WITH stored AS (
        SELECT org_id, id, format('%s until %s', currency, ends_at) AS said, account_id FROM open_grant
      ), expected AS (
        SELECT g.org_id, g.id, b.account_id, format('%s until %s', g.currency,
          least(coalesce(g.expires_at, 'infinity'), ended.effective_at)) AS said
        FROM credit_grant g
        JOIN account a ON (a.org_id, a.name, a.currency) = (g.org_id, 'customer-credits:' || g.id, g.currency)
        JOIN balance b ON b.account_id = a.id AND b.credits > b.debits
        LEFT JOIN transaction ended
          ON (ended.org_id, ended.idempotency_key) = (g.org_id, 'grant-expiry ' || g.id || ' 1')
      )
      SELECT org_id || ' ' || id, stored.said, expected.said
      FROM stored FULL JOIN expected USING (account_id, org_id, id)
      WHERE stored.said IS DISTINCT FROM expected.said ORDER BY 1`,
  },
  {
    table: 'period_total',
    size: 'SELECT count(*) FROM period_total',
    differing: `
      WITH stored AS (
        SELECT period, format('%s transactions, %s late', transactions, late) AS said FROM period_total
      ), expected AS (
        SELECT period, format('%s transactions, %s late', count(*), count(*) FILTER (WHERE belongs_to < period)) AS said
        FROM transaction GROUP BY period
      )
      SELECT to_char(period, 'YYYY-MM'), stored.said, expected.said
      FROM stored FULL JOIN expected USING (period)
      WHERE stored.said IS DISTINCT FROM expected.said ORDER BY period`,
  },
];
