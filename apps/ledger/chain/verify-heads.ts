import type { LedgerHead } from '#contracts/ledger-head.js';
import type { BookReader } from './book-reader.js';
import { type CheckResult, Findings } from './finding.js';

const headsPerQuery = 1000;

/** The chain holds every head that was published, wherever it was kept: an operator who rewrote the book differs. */
export async function verifyHeads(book: BookReader, heads: AsyncIterable<LedgerHead>): Promise<CheckResult> {
  const findings = new Findings();
  let count = 0;
  let some: LedgerHead[] = [];
  const compare = async () => {
    const rows = await book.all(`SELECT height, encode(hash, 'hex') FROM block WHERE height = ANY($1::bigint[])`, [
      some.map(({ height }) => height),
    ]);
    const hashes = new Map(rows.map(([height, hash]) => [Number(height), hash]));
    for (const { height, hash } of some) {
      const stored = hashes.get(height);
      if (stored === hash) continue;
      const key = String(height);
      findings.add({
        table: 'block',
        key,
        block: height,
        stored: stored ?? 'no block',
        expected: `${hash}, as published`,
      });
    }
    count += some.length;
    some = [];
  };
  for await (const head of heads) {
    some.push(head);
    if (some.length === headsPerQuery) await compare();
  }
  await compare();
  return findings.result('heads', `${count} published heads`);
}
