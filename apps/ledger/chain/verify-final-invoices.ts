import { verifyInvoices } from '../invoices/verify-invoice.js';
import type { CheckResult } from './finding.js';
import { withReader } from './with-reader.js';

/** Every final invoice is what its charges come to, and what was posted for it. */
export function verifyFinalInvoices(databaseUrl: string): Promise<CheckResult> {
  return withReader(databaseUrl, async (source) => {
    const [row] = await source.query<{ count: string }[]>('SELECT count(*) FROM invoice');
    const problems = await verifyInvoices(source);
    const result = { check: 'invoices', seen: `${row?.count ?? 0} invoices`, wrong: problems.length };
    const [first] = problems;
    if (first === undefined) return result;
    const expected = 'what its charges come to';
    return { ...result, first: { table: 'invoice', key: '(see stored)', stored: first, expected } };
  });
}
