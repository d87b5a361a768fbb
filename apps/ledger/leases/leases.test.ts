import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DataSource } from 'typeorm';
import type { BudgetScope } from '#contracts/requests/budgets.js';
import { eventually } from '#jetstream/eventually.fixture.js';
import { formatAmount, parseAmount } from '#money/pico.js';
import { bookCharges } from '../book-charges.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { closeSound } from '../expectations.fixture.js';
import { balancesOf, type TestLedger, testLedger } from '../test-ledger.fixture.js';
import { readBudget } from '../budgets/read-budgets.js';
import { assignUsage } from '../wallets/assign-wallet.js';
import { giveCredits } from '../wallets/grant-credits.js';
import { openNamedWallet } from '../wallets/open-wallet.js';
import { setTerms } from '../wallets/set-terms.js';
import { forgetLeases, rememberLeasesMs } from './forget-leases.js';
import { grantLease } from './grant-lease.js';
import {
  anId,
  book,
  budgetRequest,
  createBudgetNow,
  leaseRequest,
  letExpire,
  topUp,
  unit,
  walletAndHolds,
} from './leases.fixture.js';
import { readLeases } from './read-leases.js';
import { prolongLease } from './renew-lease.js';
import { settleHold } from './settle-lease.js';

describe('a lease', () => {
  let ledger: TestLedger;
  let source: DataSource;
  beforeAll(async () => {
    ledger = await testLedger();
    source = ledger.source;
  });
  afterAll(() => closeSound(ledger));

  const take = (orgId: string, amount: string, sketch: Partial<Parameters<typeof leaseRequest>[0]> = {}) =>
    grantLease(source, leaseRequest({ orgId, amount, ...sketch }));
  const settle = (orgId: string, leaseId: string, total: string) =>
    settleHold(source, { orgId, leaseId, callId: anId('call'), total });

  it('is granted up to what the wallet has left, then less, then not: with the reason', async () => {
    await topUp(source, 'steps', '1');
    expect(await take('steps', '0.75')).toMatchObject({ status: 'granted', amount: '0.75', repeated: false });
    expect(await take('steps', '0.75')).toMatchObject({
      status: 'granted',
      amount: '0.25',
      limitedBy: { kind: 'wallet', wallet: 'default' },
    });
    expect(await take('steps', '0.75')).toEqual({
      status: 'refused',
      limit: { kind: 'wallet', wallet: 'default' },
      reason: 'Wallet "default" has nothing left in USD that is not spent or leased: top it up.',
      repeated: false,
    });
  });

  it('grants 200 requests of 8 relays at once all that the wallet has, and not a pico more: fault 40', async () => {
    await topUp(source, 'crowd', '1');
    const relays = await Promise.all(Array.from({ length: 8 }, () => ledger.connect()));
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        grantLease(
          relays[index % relays.length] as DataSource,
          leaseRequest({ orgId: 'crowd', relayId: `relay-${index % 8}`, amount: '0.0073' }),
        ),
      ),
    );
    const granted = answers.flatMap((answer) => (answer.status === 'granted' ? [parseAmount(answer.amount)] : []));
    // 136 of 0.0073 and one of the last 0.0072: all of it, exactly.
    expect(formatAmount(granted.reduce((sum, amount) => sum + amount))).toBe('1');
    expect(granted).toHaveLength(137);
    expect(await walletAndHolds(source, 'crowd')).toEqual({ money: unit, held: unit });
  });

  it('comes back by time alone when its relay has died: fault 41', async () => {
    await topUp(source, 'dead', '1');
    const lost = await take('dead', '1', { ttlSeconds: 3 });
    const expiresAt = lost.status === 'granted' ? Date.parse(lost.expiresAt) : NaN;
    expect(await take('dead', '1')).toMatchObject({ status: 'refused' });
    await eventually(async () => expect(await take('dead', '1')).toMatchObject({ status: 'granted', amount: '1' }));
    expect(Date.now()).toBeGreaterThanOrEqual(expiresAt);
  });

  it('is free at once when the upstream could not be reached: fault 42', async () => {
    await topUp(source, 'offline', '1');
    await take('offline', '1', { leaseId: 'l' });
    expect(await settle('offline', 'l', '0')).toMatchObject({ released: '1', held: '0' });
    expect(await take('offline', '1')).toMatchObject({ amount: '1' });
  });

  it('gives back of a stream that broke off only what it did not use, whatever the relay says later: fault 43', async () => {
    await topUp(source, 'partial', '1');
    await take('partial', '0.6', { leaseId: 'l' });
    // Half of it has passed and is not booked yet.
    expect(await settle('partial', 'l', '0.3')).toMatchObject({ released: '0.3', held: '0.3' });
    expect(await take('partial', '1')).toMatchObject({ amount: '0.7' });
    await book(source, 'partial', '0.3', { leaseId: 'l' });
    expect(await settle('partial', 'l', '0')).toMatchObject({ released: '0', held: '0' });
    expect(await balancesOf(source, 'partial')).toMatchObject({ 'customer-wallet USD': '0.7' });
    expect(await take('partial', '1')).toMatchObject({ status: 'refused' });
  });

  it('of nothing is refused, and an event without a price leaves its lease held: fault 46', async () => {
    await topUp(source, 'unknown', '1');
    for (const amount of ['0', '-1']) {
      await expect(take('unknown', amount)).rejects.toMatchObject({ code: 'invalid', message: /holds nothing/ });
    }
    await take('unknown', '0.4', { leaseId: 'l' });
    const event = { org: 'unknown', id: 'e', leaseId: 'l', effectiveAt: new Date().toISOString() };
    await bookCharges(source, [deliveredCharge(event)]);
    expect(await walletAndHolds(source, 'unknown')).toEqual({ money: unit, held: parseAmount('0.4') });
  });

  it('turns into spending as it is booked: at no moment twice, at no moment free', async () => {
    await topUp(source, 'flow', '1');
    await take('flow', '0.5', { leaseId: 'l' });
    for (const [amount, money, held] of [
      ['0.2', '0.8', '0.3'],
      ['0.2', '0.6', '0.1'],
      // Beyond the lease: booked all the same.
      ['0.3', '0.3', '0'],
    ] as const) {
      await book(source, 'flow', amount, { leaseId: 'l' });
      expect(await walletAndHolds(source, 'flow')).toEqual({ money: parseAmount(money), held: parseAmount(held) });
    }
    expect(await take('flow', '1')).toMatchObject({ amount: '0.3' });
  });

  it('that has expired holds nothing, and its late charges are posted', async () => {
    await topUp(source, 'tardy', '1');
    await take('tardy', '1', { leaseId: 'l' });
    await letExpire(source, 'tardy', 'l');
    expect(await take('tardy', '0.9')).toMatchObject({ amount: '0.9' });
    await book(source, 'tardy', '0.5', { leaseId: 'l' });
    expect(await balancesOf(source, 'tardy')).toMatchObject({ 'customer-wallet USD': '0.5' });
    expect(await prolongLease(source, { orgId: 'tardy', leaseId: 'l', callId: 'c', ttlSeconds: 9 })).toEqual({
      status: 'ended',
      reason: 'expired',
      repeated: false,
    });
    expect(await settle('tardy', 'l', '3')).toMatchObject({ released: '0', held: '0' });
  });

  it('is used by charges of its own path and currency only', async () => {
    await topUp(source, 'own', '9');
    await take('own', '1', { leaseId: 'l' });
    await take('own', '1', { leaseId: 'other-org-too' });
    await book(source, 'own', '1', { leaseId: 'l', team: 'sales' });
    await book(source, 'own', '1', { leaseId: 'l', key: 'key-2' });
    await book(source, 'own', '1', { leaseId: 'l', currency: 'EUR' });
    await book(source, 'stranger', '1', { leaseId: 'other-org-too' });
    await book(source, 'own', '1', { leaseId: 'never-granted' });
    expect((await walletAndHolds(source, 'own')).held).toBe(2n * unit);
  });

  it('is renewed for longer and topped up as far as its limits bear, but never shortened', async () => {
    await topUp(source, 'more', '1');
    const granted = await take('more', '0.4', { leaseId: 'l', ttlSeconds: 300 });
    const renew = (ttlSeconds: number, amount?: string) =>
      prolongLease(source, {
        ...{ orgId: 'more', leaseId: 'l', callId: anId('call'), ttlSeconds },
        ...(amount === undefined ? {} : { amount }),
      });
    const expiresAt = granted.status === 'granted' ? granted.expiresAt : '';
    expect(await renew(1)).toMatchObject({ status: 'renewed', added: '0', held: '0.4', expiresAt });
    expect(await renew(900, '0.5')).toMatchObject({ added: '0.5', held: '0.9' });
    expect(await renew(1, '0.5')).toMatchObject({ added: '0.1', held: '1', limitedBy: { kind: 'wallet' } });
    expect(await renew(1, '0.5')).toMatchObject({ added: '0', held: '1', limitedBy: { kind: 'wallet' } });
  });

  it('that is kept is told of a budget that was set below it, and of none that bears it', async () => {
    await topUp(source, 'lowered', '1');
    const { leaseId } = leaseRequest({ orgId: 'lowered', amount: '0.5' });
    await take('lowered', '0.5', { leaseId });
    const keep = () => prolongLease(source, { orgId: 'lowered', leaseId, callId: anId('call'), ttlSeconds: 300 });
    await createBudgetNow(source, budgetRequest({ orgId: 'lowered', id: 'bears-it', amount: '0.5' }));
    expect(await keep()).not.toHaveProperty('limitedBy');
    await createBudgetNow(source, budgetRequest({ orgId: 'lowered', id: 'below-it', amount: '0.4' }));
    expect(await keep()).toMatchObject({ status: 'renewed', added: '0', limitedBy: { budgetId: 'below-it' } });
  });

  it('that was used beyond what it held is topped up by what it says', async () => {
    await topUp(source, 'beyond', '2');
    await take('beyond', '0.5', { leaseId: 'l' });
    await book(source, 'beyond', '0.8', { leaseId: 'l' });
    const renewal = { orgId: 'beyond', leaseId: 'l', callId: 'c', ttlSeconds: 9, amount: '0.4' };
    expect(await prolongLease(source, renewal)).toMatchObject({ added: '0.4', held: '0.4' });
  });

  it('that is settled is not renewed; what is not booked yet stays held until it is', async () => {
    await topUp(source, 'end', '1');
    await take('end', '1', { leaseId: 'l' });
    await book(source, 'end', '0.2', { leaseId: 'l' });
    expect(await settle('end', 'l', '0.5')).toMatchObject({ released: '0.5', held: '0.3' });
    expect(await prolongLease(source, { orgId: 'end', leaseId: 'l', callId: 'c', ttlSeconds: 9 })).toMatchObject({
      status: 'ended',
      reason: 'settled',
    });
    await book(source, 'end', '0.3', { leaseId: 'l' });
    expect(await walletAndHolds(source, 'end')).toEqual({ money: unit / 2n, held: 0n });
  });

  it('comes out the same whether it is booked before, after or while it is settled and renewed', async () => {
    for (const round of Array.from({ length: 10 }, (_, index) => index)) {
      const orgId = `race-${round}`;
      await topUp(source, orgId, '1');
      await take(orgId, '0.5', { leaseId: 'l' });
      const work = [
        () => book(source, orgId, '0.1', { leaseId: 'l' }),
        () => book(source, orgId, '0.2', { leaseId: 'l' }),
        () => settle(orgId, 'l', '0.3'),
        () => prolongLease(source, { orgId, leaseId: 'l', callId: 'c', ttlSeconds: 60, amount: '0.1' }),
      ];
      await Promise.all([...work.slice(round % 4), ...work.slice(0, round % 4)].map((one) => one()));
      expect(await walletAndHolds(source, orgId)).toEqual({ money: parseAmount('0.7'), held: 0n });
    }
  });

  it('is answered the same when a call is repeated, at once or after its end, and refused for another call', async () => {
    await topUp(source, 'again', '1');
    const request = leaseRequest({ orgId: 'again', amount: '0.6' });
    const answers = await Promise.all(Array.from({ length: 5 }, () => grantLease(source, request)));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    for (const answer of answers) expect({ ...answer, repeated: true }).toEqual({ ...answers[0], repeated: true });
    expect((await walletAndHolds(source, 'again')).held).toBe(parseAmount('0.6'));
    await expect(grantLease(source, { ...request, amount: '0.7' })).rejects.toMatchObject({ code: 'conflict' });

    const renewal = { orgId: 'again', leaseId: request.leaseId, callId: 'renew', ttlSeconds: 60, amount: '0.1' };
    const renewed = await prolongLease(source, renewal);
    const settlement = { orgId: 'again', leaseId: request.leaseId, callId: 'settle', total: '0' };
    const settled = await settleHold(source, settlement);
    expect(await prolongLease(source, renewal)).toEqual({ ...renewed, repeated: true });
    expect(await settleHold(source, settlement)).toEqual({ ...settled, repeated: true });
    expect(await grantLease(source, request)).toMatchObject({ status: 'granted', amount: '0.6', repeated: true });
    expect((await walletAndHolds(source, 'again')).held).toBe(0n);
    await expect(settle('again', 'never-granted', '0')).rejects.toMatchObject({ code: 'not_found' });
  });

  it.each<[BudgetScope, string]>([
    ['organisation', 'hard-organisation'],
    ['team', 'research'],
    ['project', 'search'],
    ['key', 'key-1'],
  ])('is bounded by a hard budget of its %s, which says when it resets', async (scope, scopeId) => {
    const orgId = `hard-${scope}`;
    await topUp(source, orgId, '100');
    await createBudgetNow(source, budgetRequest({ orgId, id: 'b', scope, scopeId, amount: '1' }));
    await createBudgetNow(source, budgetRequest({ orgId, id: 'soft', amount: '0.1', enforcement: 'soft' }));
    await createBudgetNow(source, budgetRequest({ orgId, id: 'euro', amount: '0.1', currency: 'EUR' }));
    await createBudgetNow(source, budgetRequest({ orgId, id: 'aside', scope: 'team', scopeId: 'x', amount: '0.1' }));
    await book(source, orgId, '0.3');
    await take(orgId, '0.5');
    expect(await take(orgId, '0.5')).toMatchObject({ amount: '0.2', limitedBy: { kind: 'budget', budgetId: 'b' } });
    const now = new Date();
    const resetsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString();
    expect(await take(orgId, '0.5')).toMatchObject({
      status: 'refused',
      limit: { kind: 'budget', budgetId: 'b', resetsAt },
      reason: `Budget "b" has nothing left in USD that is not spent or leased, until ${resetsAt}.`,
    });
    expect((await readBudget(source.manager, orgId, 'b')).current).toMatchObject({
      spent: '0.3',
      held: '0.7',
      remaining: '0',
    });
  });

  it('beyond what is needed now is an eighth of what is left, so that relays do not empty a small wallet into stock', async () => {
    await topUp(source, 'small', '1');
    expect(await take('small', '5', { least: '0.01', leaseId: 'l' })).toMatchObject({
      ...{ status: 'granted', amount: '0.125' },
      limitedBy: { kind: 'wallet' },
    });
    const renewal = { orgId: 'small', leaseId: 'l', callId: 'c', ttlSeconds: 60, amount: '5', least: '0.5' };
    expect(await prolongLease(source, renewal)).toMatchObject({ added: '0.5' });
    expect(await take('small', '0.01', { least: '0' })).toMatchObject({ amount: '0.01' });
    expect(await take('small', '5', { least: '0.9' })).toMatchObject({ amount: '0.365' });
    expect(await take('small', '5', { least: '0' })).toMatchObject({ status: 'refused' });
  });

  it('of one key leaves to another what the budget of the first does not bound', async () => {
    await topUp(source, 'keys', '10');
    await createBudgetNow(source, budgetRequest({ orgId: 'keys', scope: 'key', scopeId: 'key-1', amount: '1' }));
    expect(await take('keys', '5')).toMatchObject({ amount: '1' });
    expect(await take('keys', '5', { keyId: 'key-2' })).toMatchObject({ amount: '5' });
    expect(await take('keys', '5')).toMatchObject({ status: 'refused' });
  });

  it('of a postpaid wallet may go as far as its credit limit', async () => {
    await setTerms(source, {
      ...{ orgId: 'credit', wallet: 'default', currency: 'USD' },
      terms: { kind: 'postpaid', creditLimit: '2' },
    });
    expect(await take('credit', '1.5', { leaseId: 'l' })).toMatchObject({ amount: '1.5' });
    await book(source, 'credit', '1', { leaseId: 'l' });
    expect(await take('credit', '9')).toMatchObject({ amount: '0.5' });
    expect(await take('credit', '9')).toMatchObject({ status: 'refused' });
  });

  it('is taken from the wallet that pays for the path, and counts a common grant once', async () => {
    const orgId = 'purses';
    for (const id of ['a', 'b']) {
      await openNamedWallet(source, { orgId, id, currency: 'USD' });
      await assignUsage(source, { orgId, currency: 'USD', payer: { kind: 'project', id: `of-${id}` }, wallet: id });
      await topUp(source, orgId, '1', { wallet: id });
    }
    const grant = { orgId, currency: 'USD', amount: '1', priority: 0, idempotencyKey: 'gift' };
    await giveCredits(source, { ...grant, id: 'gift' });
    await giveCredits(source, { ...grant, id: 'own', wallet: 'b', idempotencyKey: 'own' });
    // Its own 1, and half of the common grant.
    expect(await take(orgId, '1.5', { projectId: 'of-a' })).toMatchObject({ amount: '1.5' });
    // Its own 1, the grant that is its alone, and the other half.
    expect(await take(orgId, '9', { projectId: 'of-b' })).toMatchObject({
      amount: '2.5',
      limitedBy: { kind: 'wallet', wallet: 'b' },
    });
    expect(await take(orgId, '9', { projectId: 'of-a' })).toMatchObject({ status: 'refused' });
    // The default wallet has nothing of its own, and the grant is held.
    expect(await take(orgId, '9')).toMatchObject({ status: 'refused', limit: { kind: 'wallet', wallet: 'default' } });
  });

  it('is listed newest first with what it holds, and forgotten long after its end', async () => {
    await topUp(source, 'shown', '1');
    for (const leaseId of ['old', 'done', 'open']) await take('shown', '0.3', { leaseId });
    await letExpire(source, 'shown', 'old');
    await settle('shown', 'done', '0.1');
    const first = await readLeases(source, { orgId: 'shown', limit: 2 });
    const rest = await readLeases(source, { orgId: 'shown', limit: 2, after: String(first.next) });
    expect([...first.items, ...rest.items].map(({ id, status, held }) => [id, status, held])).toEqual([
      ['open', 'open', '0.3'],
      ['done', 'settled', '0.1'],
      ['old', 'expired', '0'],
    ]);
    await forgetLeases(source, new Date());
    expect((await readLeases(source, { orgId: 'shown' })).items).toHaveLength(3);
    await source.query("UPDATE lease SET expires_at = now() - interval '8 days' WHERE org_id = 'shown' AND id = 'old'");
    await forgetLeases(source, new Date());
    expect((await readLeases(source, { orgId: 'shown' })).items.map(({ id }) => id)).toEqual(['open', 'done']);
    // Its call stays, so that it is not granted twice.
    expect(rememberLeasesMs).toBeGreaterThan(86_400_000);
  });
});
