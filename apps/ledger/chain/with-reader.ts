import type { DataSource } from 'typeorm';
import { createDataSource } from '#postgres/data-source.js';

/** For checks that the ledger's own questions answer, asked as the role that may only read. */
export async function withReader<Result>(url: string, use: (source: DataSource) => Promise<Result>): Promise<Result> {
  const settings = { url, role: 'tollgate_ledger_reader', schema: 'ledger', applicationName: 'tollgate-ledger-verify' };
  const source = createDataSource(settings);
  await source.initialize();
  try {
    return await use(source);
  } finally {
    await source.destroy();
  }
}
