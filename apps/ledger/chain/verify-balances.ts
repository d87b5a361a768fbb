import type { BookReader } from './book-reader.js';
import { type CheckResult, Findings } from './finding.js';
import type { Account, Movements } from './transaction.js';

export async function readAccountNames(book: BookReader): Promise<Map<string, Account>> {
  const accounts = new Map<string, Account>();
  for await (const [id, orgId, name, currency, kind] of book.stream(
    'SELECT id, org_id, name, currency, kind FROM account',
  )) {
    accounts.set(id ?? '', { orgId: orgId ?? '', name: name ?? '', currency: currency ?? '', kind: kind ?? '' });
  }
  return accounts;
}

/** The kept balance of every account is the sum of its postings. */
export async function verifyBalances(
  book: BookReader,
  accounts: ReadonlyMap<string, Account>,
  moved: Movements,
): Promise<CheckResult> {
  const findings = new Findings();
  const unseen = new Map(moved);
  const check = (id: string, stored: string) => {
    const { debits, credits } = moved.get(id) ?? { debits: 0n, credits: 0n };
    const expected = `${debits} debits and ${credits} credits, the sums of its postings`;
    if (stored === `${debits} ${credits}`) return;
    const { orgId = 'unknown', name = `account ${id}`, currency = '' } = accounts.get(id) ?? {};
    findings.add({ table: 'balance', key: `${orgId} ${name} ${currency}`.trim(), stored, expected });
  };
  let count = 0;
  for await (const [id, debits, credits] of book.stream('SELECT account_id, debits, credits FROM balance')) {
    check(id ?? '', `${debits} ${credits}`);
    unseen.delete(id ?? '');
    count += 1;
  }
  for (const id of unseen.keys()) check(id, 'no balance');
  return findings.result('balances', `${count} balances`);
}
