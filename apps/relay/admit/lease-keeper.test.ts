import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { LedgerAnswer, NamedCall } from './ask-ledger.js';
import { LeaseKeeper } from './lease-keeper.js';

const payer = { orgId: 'o', teamId: 't', projectId: 'p', keyId: 'k', currency: 'USD' } as const;
const limit = { kind: 'budget', budgetId: 'set-later' } as const;

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

it('what is leased goes back when a limit was lowered below it, however evenly it is used', async () => {
  const asked: NamedCall['kind'][] = [];
  const answers = {
    lease: { status: 'granted', amount: 1_600n, limit: undefined },
    renew: { status: 'refused', limit },
    settle: { status: 'settled' },
  } as const satisfies Record<NamedCall['kind'], LedgerAnswer>;
  const keeper = new LeaseKeeper(
    (_, { kind }) => {
      asked.push(kind);
      return Promise.resolve(answers[kind]);
    },
    (sentence, error) => {
      throw new Error(sentence, { cause: error });
    },
  );
  for (let second = 0; second < 65; second += 1) {
    const hold = await keeper.hold(payer, 100n);
    if ('leaseId' in hold) keeper.settle(payer, hold, 1n);
    await jest.advanceTimersByTimeAsync(1_000);
  }
  expect(asked).toEqual(['lease', 'renew', 'settle', 'lease']);
  const stopped = keeper.stop(1_000);
  await jest.advanceTimersByTimeAsync(1_000);
  await stopped;
});
