import { createDataSource } from '#postgres/data-source.js';
import { verifyInvoices } from '../invoices/verify-invoice.js';
import type { CheckResult } from './finding.js';

/** Every final invoice is what its charges come to, and what was posted for it. */
export async function verifyFinalInvoices(databaseUrl: string): Promise<CheckResult> {
  const source = createDataSource({
    url: databaseUrl,
    role: 'tollgate_ledger_reader',
    schema: 'ledger',
    applicationName: 'tollgate-ledger-verify',
  });
  await source.initialize();
  try {
    const [row] = await source.query<{ count: string }[]>('SELECT count(*) FROM invoice');
    const problems = await verifyInvoices(source);
    const result = { check: 'invoices', seen: `${row?.count ?? 0} invoices`, wrong: problems.length };
    const [first] = problems;
    if (first === undefined) return result;
    const expected = 'what its charges come to';
    return { ...result, first: { table: 'invoice', key: '(see stored)', stored: first, expected } };
  } finally {
    await source.destroy();
  }
}
