import { expect } from '@jest/globals';
import { proveSpending } from './budgets/recompute-spending.js';
import { type TestLedger, unsoundness } from './test-ledger.fixture.js';

/** Ends a ledger's tests: whatever they did, the book and what is counted of budgets is sound. */
export async function closeSound(ledger: TestLedger): Promise<void> {
  const unsound = [...(await unsoundness(ledger.source)), ...(await proveSpending(ledger.source))];
  await ledger.close();
  expect(unsound).toEqual([]);
}

export async function refused(done: Promise<unknown>): Promise<void> {
  await expect(done).rejects.toMatchObject({ name: 'RequestFailure' });
}

/** Does something twice, as whoever got no answer does: the second time it is known, and nothing happens. */
export async function twice(work: () => Promise<{ readonly repeated: boolean }>): Promise<void> {
  await work();
  expect((await work()).repeated).toBe(true);
}
