import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AmountError, type Pico } from '#money/pico.js';
import { customerCredits, customerWallet } from './chart-of-accounts.js';
import { correctCharge, paymentsOf } from './correct-charge.js';
import type { Posting } from './posting-rules.js';

const wallet = customerWallet('default');
const grant = customerCredits('welcome');
const amount = fc.bigInt({ min: 0n, max: 10n ** 27n });
const standing = fc.record({
  provider: fc.constant('openai'),
  payments: fc.tuple(amount, amount).map(([credits, money]) => [
    { account: grant, amount: credits },
    { account: wallet, amount: money },
  ]),
  cost: amount,
});
const sum = (amounts: readonly Pico[]) => amounts.reduce((total, one) => total + one, 0n);
const net = (postings: readonly Posting[], account: string) =>
  sum(
    postings.map(({ debit, credit, amount }) =>
      debit.name === account ? amount : credit.name === account ? -amount : 0n,
    ),
  );

describe('correcting a charge', () => {
  it('is told by an example: the wallet, which paid last, gets back first', () => {
    const charge = {
      provider: 'openai',
      payments: [
        { account: grant, amount: 30n },
        { account: wallet, amount: 20n },
      ],
      cost: 40n,
    };
    const postings = correctCharge(charge, { amount: 35n, cost: 40n, payer: wallet });
    expect(postings.map(({ debit, credit, amount }) => `${debit.name} → ${credit.name} ${amount}`)).toEqual([
      'usage-revenue:openai → customer-credits:welcome 30',
      'usage-revenue:openai → customer-wallet 20',
      'customer-credits:welcome → usage-revenue:openai 30',
      'customer-wallet → usage-revenue:openai 5',
      'provider-clearing:openai → cost-of-sales:openai 40',
      'cost-of-sales:openai → provider-clearing:openai 40',
    ]);
  });

  it('changes revenue and cost by exactly the difference, and no grant pays more than it did', () => {
    fc.assert(
      fc.property(standing, amount, amount, (charge, right, cost) => {
        const postings = correctCharge(charge, { amount: right, cost, payer: wallet });
        const before = sum(charge.payments.map((payment) => payment.amount));
        expect(-net(postings, 'usage-revenue:openai')).toBe(right - before);
        expect(net(postings, 'cost-of-sales:openai')).toBe(cost - charge.cost);
        expect(net(postings, grant.name) <= 0n).toBe(true);
        expect(net(postings, grant.name) === 0n || right < (charge.payments[0]?.amount ?? 0n)).toBe(true);
        expect(postings.every((posting) => posting.amount > 0n)).toBe(true);
      }),
    );
  });

  it('comes back to what it was when the correction is corrected to the first price', () => {
    fc.assert(
      fc.property(standing, amount, (charge, wrong) => {
        const before = sum(charge.payments.map((payment) => payment.amount));
        const first = correctCharge(charge, { amount: wrong, cost: 0n, payer: wallet });
        const payments = paymentsOf(charge.payments, { amount: wrong, cost: 0n, payer: wallet });
        const second = correctCharge(
          { ...charge, payments, cost: 0n },
          { amount: before, cost: charge.cost, payer: wallet },
        );
        for (const account of ['usage-revenue:openai', 'cost-of-sales:openai', 'provider-clearing:openai']) {
          expect(net([...first, ...second], account)).toBe(0n);
        }
      }),
    );
  });

  it('refuses less than nothing', () => {
    const charge = { provider: 'openai', payments: [], cost: 0n };
    expect(() => correctCharge(charge, { amount: -1n, cost: 0n, payer: wallet })).toThrow(AmountError);
    expect(() => correctCharge(charge, { amount: 0n, cost: -1n, payer: wallet })).toThrow(AmountError);
  });
});
