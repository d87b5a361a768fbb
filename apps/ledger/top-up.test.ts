import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { bookCharges } from './book-charges.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { balancesOf, type TestLedger, testLedger, unsoundness } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';

describe('a top-up', () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await testLedger()));
  afterAll(() => ledger.close());

  const request = { orgId: 'acme', currency: 'USD', amount: '12.50', idempotencyKey: 'payment-1' };

  it('credits the wallet once when it is asked for eight times at once, from two ledgers', async () => {
    const other = await ledger.connect();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => topUpWallet(index % 2 === 0 ? ledger.source : other, request)),
    );
    expect(new Set(answers.map(({ transactionId }) => transactionId)).size).toBe(1);
    expect(answers.map(({ balance }) => balance)).toEqual(Array(8).fill('12.5'));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(await balancesOf(ledger.source, 'acme')).toEqual({
      'cash-clearing USD': '12.5',
      'customer-wallet USD': '12.5',
    });
    expect(await unsoundness(ledger.source)).toEqual([]);
  });

  it('is refused when its key stands for another amount or currency', async () => {
    await expect(topUpWallet(ledger.source, { ...request, amount: '12.51' })).rejects.toMatchObject({
      code: 'conflict',
      message:
        'Idempotency key "payment-1" already stands for a top-up of 12.5 USD (cash-clearing → customer-wallet 12.5): another top-up needs another key.',
    });
    await expect(topUpWallet(ledger.source, { ...request, currency: 'EUR' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  it('may have the key of another organisation', async () => {
    expect(await topUpWallet(ledger.source, { ...request, orgId: 'other', amount: '1' })).toMatchObject({
      balance: '1',
      repeated: false,
    });
  });

  it.each(['0', '-1', '1000000000000000.5'])('of %s is refused', async (amount) => {
    await expect(topUpWallet(ledger.source, { ...request, amount, idempotencyKey: 'odd' })).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('meets the usage in the wallet, which may go below zero', async () => {
    await bookCharges(ledger.source, [deliveredCharge({ org: 'spent', id: 'a', amount: 3n * 10n ** 12n })]);
    expect(await topUpWallet(ledger.source, { ...request, orgId: 'spent', amount: '2' })).toMatchObject({
      balance: '-1',
    });
  });
});
