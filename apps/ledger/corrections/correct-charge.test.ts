import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answer } from '../answer.js';
import { bookCharges } from '../book-charges.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { balancesOf, type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { giveCredits } from '../wallets/grant-credits.js';
import { setTerms } from '../wallets/set-terms.js';
import { correctBookedCharge } from './correct-charge.js';

describe('a correction', () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await testLedger()));
  afterAll(() => ledger.close());

  it('gives back last what was taken first, whatever the grants are called', async () => {
    const of = { orgId: 'order', currency: 'USD', amount: '0.000000000010', validFrom: '2026-07-01T00:00:00Z' };
    await giveCredits(ledger.source, { ...of, id: 'z', priority: 0, idempotencyKey: 'z' });
    await giveCredits(ledger.source, { ...of, id: 'a', priority: 1, idempotencyKey: 'a' });
    await bookCharges(ledger.source, [deliveredCharge({ org: 'order', id: 'e', amount: 15n, cost: 0n })]);
    const right = { amount: '0.000000000010', cost: '0', priceVersion: 'v', reason: 'It was less.' };
    const named = { orgId: 'order', eventId: 'e', currency: 'USD', idempotencyKey: 'less' };
    await correctBookedCharge(ledger.source, { ...named, ...right });
    const balances = await balancesOf(ledger.source, 'order');
    expect(balances['customer-credits:z USD']).toBe('0');
    expect(balances['customer-credits:a USD']).toBe('0.00000000001');
  });

  it('of a charge that was corrected before its wallet became postpaid is what it says', async () => {
    const gift = { orgId: 'terms', currency: 'USD', amount: '0.000000000010', validFrom: '2026-07-01T00:00:00Z' };
    await giveCredits(ledger.source, { ...gift, id: 'gift', priority: 0, idempotencyKey: 'gift' });
    await bookCharges(ledger.source, [deliveredCharge({ org: 'terms', id: 'e', amount: 15n, cost: 0n })]);
    const correct = (amount: string) =>
      correctBookedCharge(ledger.source, {
        ...{ orgId: 'terms', eventId: 'e', currency: 'USD', amount, cost: '0', priceVersion: 'v', reason: 'Late.' },
        idempotencyKey: amount,
      });
    await correct('0');
    const terms = { kind: 'postpaid' as const, creditLimit: '1000' };
    await setTerms(ledger.source, { orgId: 'terms', wallet: 'default', currency: 'USD', terms });
    expect(await correct('0.000000000004')).toMatchObject({ amount: '0.000000000004' });
    expect((await balancesOf(ledger.source, 'terms'))['customer-credits:gift USD']).toBe('0.00000000001');
  });

  it('to more than an amount can be is refused in a sentence', async () => {
    const right = { amount: '9999999999999999', cost: '0', priceVersion: 'v', reason: 'It was more.' };
    const named = { orgId: 'order', eventId: 'e', currency: 'USD', idempotencyKey: 'more' };
    const refused = answer(correctBookedCharge(ledger.source, { ...named, ...right }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid' });
  });
});
