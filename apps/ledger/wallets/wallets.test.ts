import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Pico, parseAmount } from '#money/pico.js';
import { bookCharges } from '../book-charges.js';
import { type ChargeSketch, deliveredCharge } from '../charge-event.fixture.js';
import { grantLease } from '../leases/grant-lease.js';
import { leaseRequest } from '../leases/leases.fixture.js';
import { settleHold } from '../leases/settle-lease.js';
import { readEntries } from '../read-entries.js';
import { balancesOf, type TestLedger, testLedger, unsoundness } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { assignUsage, readAssignments } from './assign-wallet.js';
import { endGrant, expireGrants } from './expire-grants.js';
import { giveCredits } from './grant-credits.js';
import { openNamedWallet } from './open-wallet.js';
import { readGrants } from './read-grants.js';
import { readWallets } from './read-wallets.js';
import { bookReportedRefund, refundMoney } from './refund-money.js';
import { setTerms } from './set-terms.js';
import { transferMoney } from './transfer-money.js';

const unit: Pico = 10n ** 12n;
const currency = 'USD';
const minutesFromNow = (minutes: number) => new Date(Date.now() + minutes * 60_000);

let ledger: TestLedger;
beforeAll(async () => void (ledger = await testLedger()));
afterAll(async () => {
  expect(await unsoundness(ledger.source)).toEqual([]);
  await ledger.close();
});

const book = (...sketches: ChargeSketch[]) =>
  bookCharges(
    ledger.source,
    sketches.map((sketch) => deliveredCharge({ effectiveAt: new Date().toISOString(), ...sketch })),
  );
const topUp = (orgId: string, amount: string, wallet = 'default', idempotencyKey = `paid-${wallet}`) =>
  topUpWallet(ledger.source, { orgId, wallet, currency, amount, idempotencyKey });
const open = (orgId: string, id: string) => openNamedWallet(ledger.source, { orgId, id, currency });
const give = (orgId: string, id: string, more: Partial<Parameters<typeof giveCredits>[1]> = {}) =>
  giveCredits(ledger.source, { orgId, id, currency, amount: '10', priority: 0, idempotencyKey: `give-${id}`, ...more });
const walletsOf = async (orgId: string) =>
  Object.fromEntries((await readWallets(ledger.source, { orgId })).items.map(({ id, ...rest }) => [id, rest]));
const leftOf = async (orgId: string) =>
  Object.fromEntries(
    (await readGrants(ledger.source, { orgId })).items.map(({ id, left, status }) => [id, [left, status]]),
  );

describe('a wallet', () => {
  it('is opened once, under an id of its own', async () => {
    await open('acme', 'research');
    expect(await open('acme', 'research')).toMatchObject({ id: 'research', balance: '0', terms: { kind: 'prepaid' } });
    const other = { orgId: 'acme', id: 'research', currency: 'EUR' };
    await expect(openNamedWallet(ledger.source, other)).rejects.toMatchObject({ code: 'conflict' });
    await expect(open('acme', 'default')).rejects.toMatchObject({ code: 'conflict' });
    await expect(topUp('acme', '1', 'unknown')).rejects.toMatchObject({ code: 'not_found' });
    const euros = { orgId: 'acme', wallet: 'research', currency: 'EUR', amount: '1', idempotencyKey: 'e' };
    await expect(topUpWallet(ledger.source, euros)).rejects.toMatchObject({ code: 'invalid' });
  });

  it("pays its project's usage before its team's, and the default one all the rest", async () => {
    await open('payers', 'search');
    await open('payers', 'lab');
    const assign = (kind: 'team' | 'project', id: string, wallet: string) =>
      assignUsage(ledger.source, { orgId: 'payers', currency, payer: { kind, id }, wallet });
    await assign('team', 'search', 'search');
    await assign('team', 'search', 'search');
    await assign('project', 'lab', 'lab');
    await book(
      { org: 'payers', id: 'a', amount: 1n * unit, team: 'search', project: 'web' },
      { org: 'payers', id: 'b', amount: 2n * unit, team: 'search', project: 'lab' },
      { org: 'payers', id: 'c', amount: 4n * unit, team: 'support', project: 'desk' },
      { org: 'payers', id: 'd', amount: 8n * unit, team: 'search', project: 'web', currency: 'EUR' },
    );
    await assign('project', 'lab', 'default');
    await book({ org: 'payers', id: 'e', amount: 16n * unit, team: 'search', project: 'lab' });
    const balances = await balancesOf(ledger.source, 'payers');
    expect(balances).toMatchObject({
      'customer-wallet:search USD': '-1',
      'customer-wallet:lab USD': '-2',
      'customer-wallet USD': '-20',
      'customer-wallet EUR': '-8',
    });
    expect((await readAssignments(ledger.source, { orgId: 'payers' })).items).toEqual([
      { orgId: 'payers', currency, payer: { kind: 'project', id: 'lab' }, wallet: 'default' },
      { orgId: 'payers', currency, payer: { kind: 'team', id: 'search' }, wallet: 'search' },
    ]);
  });

  it('that is postpaid owes its usage, from when its terms say so', async () => {
    const postpaid = { kind: 'postpaid' as const, creditLimit: '100' };
    await book({ org: 'later', id: 'a', amount: 1n * unit });
    await setTerms(ledger.source, { orgId: 'later', wallet: 'default', currency, terms: postpaid });
    await setTerms(ledger.source, { orgId: 'later', wallet: 'default', currency, terms: postpaid });
    await book({ org: 'later', id: 'b', amount: 2n * unit });
    expect((await walletsOf('later'))['default']).toMatchObject({
      terms: postpaid,
      money: '-1',
      unbilled: '2',
      balance: '-3',
    });
    expect(await ledger.source.query('SELECT FROM wallet_terms WHERE org_id = $1', ['later'])).toHaveLength(1);
    await setTerms(ledger.source, { orgId: 'later', wallet: 'default', currency, terms: { kind: 'prepaid' } });
    await book({ org: 'later', id: 'c', amount: 4n * unit });
    expect((await walletsOf('later'))['default']).toMatchObject({ money: '-5', unbilled: '2' });
  });

  it('shows one balance to whoever asks: fault 37', async () => {
    await open('same', 'research');
    await give('same', 'shared', { amount: '5' });
    await give('same', 'own', { amount: '3', wallet: 'research' });
    await topUp('same', '20', 'research');
    await book({ org: 'same', id: 'a', amount: 7n * unit });
    const { balance } = await topUp('same', '20', 'research');
    const shown = (await walletsOf('same'))['research'];
    const moved = { orgId: 'same', from: 'research', to: 'default', currency, amount: '1', idempotencyKey: 'm' };
    await transferMoney(ledger.source, moved);
    const [left, wallet] = [await leftOf('same'), await balancesOf(ledger.source, 'same')];
    expect([balance, shown?.balance]).toEqual(['23', '23']);
    expect((await transferMoney(ledger.source, moved)).balance).toBe('22');
    expect((await walletsOf('same'))['research']?.balance).toBe('22');
    // And it is the sum of its accounts' entries.
    const entries = async (account: string) =>
      (await readEntries(ledger.source, { orgId: 'same', account })).items.reduce(
        (sum, { side, amount }) => sum + (side === 'credit' ? parseAmount(amount) : -parseAmount(amount)),
        0n,
      );
    const accounts = ['customer-wallet:research', 'customer-credits:own', 'customer-credits:shared'];
    const sums = await Promise.all(accounts.map(entries));
    expect(sums.reduce((sum, one) => sum + one)).toBe(22n * unit);
    expect([left['shared'], left['own'], wallet['customer-wallet USD']]).toEqual([
      ['0', 'active'],
      ['3', 'active'],
      '-1',
    ]);
  });
});

describe('money of a wallet', () => {
  it('moves to another one once, and never more than is there: credits stay where they are', async () => {
    await open('moves', 'research');
    await topUp('moves', '10');
    await give('moves', 'gift', { amount: '100' });
    const move = (amount: string, idempotencyKey: string) =>
      transferMoney(ledger.source, {
        orgId: 'moves',
        from: 'default',
        to: 'research',
        currency,
        amount,
        idempotencyKey,
      });
    await expect(move('10.000000000001', 'a')).rejects.toMatchObject({
      code: 'conflict',
      message: 'Wallet "default" has 10 USD of its own money, less than 10.000000000001.',
    });
    expect(await Promise.all(Array.from({ length: 4 }, () => move('10', 'b')))).toContainEqual(
      expect.objectContaining({ repeated: false }),
    );
    await expect(move('9', 'b')).rejects.toMatchObject({ code: 'conflict' });
    await expect(move('1', 'c')).rejects.toMatchObject({ code: 'conflict' });
    const back = { orgId: 'moves', from: 'research', to: 'research', currency, amount: '1', idempotencyKey: 'd' };
    await expect(transferMoney(ledger.source, back)).rejects.toMatchObject({ code: 'invalid' });
    expect(await balancesOf(ledger.source, 'moves')).toMatchObject({
      'customer-wallet USD': '0',
      'customer-wallet:research USD': '10',
    });
  });

  it('is refunded once, and never more than is there', async () => {
    await topUp('back', '10');
    await give('back', 'gift');
    const refund = (amount: string, idempotencyKey: string) =>
      refundMoney(ledger.source, { orgId: 'back', wallet: 'default', currency, amount, idempotencyKey });
    await expect(refund('11', 'a')).rejects.toMatchObject({ code: 'conflict' });
    expect(await refund('10', 'b')).toMatchObject({ repeated: false, balance: '10' });
    expect(await refund('10', 'b')).toMatchObject({ repeated: true, balance: '10' });
    expect(await balancesOf(ledger.source, 'back')).toMatchObject({ 'cash-clearing USD': '0' });
  });

  it('keeps what open leases need of it, beside grants, from refunds and transfers', async () => {
    await open('leased', 'research');
    await topUp('leased', '10');
    await give('leased', 'gift', { amount: '2' });
    const lease = leaseRequest({ orgId: 'leased', amount: '8' });
    await grantLease(ledger.source, lease);
    const take = (amount: string, idempotencyKey: string) =>
      refundMoney(ledger.source, { orgId: 'leased', wallet: 'default', currency, amount, idempotencyKey });
    const move = (amount: string, idempotencyKey: string) =>
      transferMoney(ledger.source, {
        ...{ orgId: 'leased', from: 'default', to: 'research', currency, amount, idempotencyKey },
      });
    // The grant bears 2 of the 8.
    const told = { code: 'conflict', message: expect.stringContaining('open leases hold all but 4:') as unknown };
    await expect(take('4.1', 'a')).rejects.toMatchObject(told);
    await expect(move('4.1', 'b')).rejects.toMatchObject(told);
    await move('1', 'c');
    await take('3', 'd');
    await expect(take('0.1', 'e')).rejects.toMatchObject({ code: 'conflict' });
    await settleHold(ledger.source, { orgId: 'leased', leaseId: lease.leaseId, callId: 's', total: '0' });
    await take('6', 'e');
    // Again, it is answered as done.
    expect(await take('3', 'd')).toMatchObject({ repeated: true });
  });

  it('is booked as given back when a payment provider says so, however often and in whatever order', async () => {
    await open('gone', 'research');
    await topUp('gone', '10', 'research', 'pi_1');
    await book({ org: 'gone', id: 'a', amount: 1n * unit });
    const moved = { orgId: 'gone', from: 'research', to: 'default', currency, amount: '4', idempotencyKey: 'm' };
    await transferMoney(ledger.source, moved);
    const report = (refundedTotal: string, paymentId = 'pi_1') =>
      bookReportedRefund(ledger.source, { orgId: 'gone', paymentId, currency, refundedTotal });
    await report('5');
    expect(await report('3')).toMatchObject({ repeated: true });
    expect(await report('5')).toMatchObject({ repeated: true });
    expect(await report('10')).toMatchObject({ repeated: false, balance: '0' });
    // The wallet had 6 left of 10: the customer owes the rest.
    expect(await balancesOf(ledger.source, 'gone')).toMatchObject({
      'cash-clearing USD': '0',
      'customer-wallet:research USD': '0',
      'receivable:reversed-payments:research USD': '4',
    });
    await expect(report('10.01')).rejects.toMatchObject({ code: 'conflict' });
    await expect(report('1', 'pi_2')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a grant', () => {
  it('pays usage of its time only, and what is left of it goes back when it expires', async () => {
    const expiresAt = minutesFromNow(60).toISOString();
    await give('promo', 'july', { expiresAt });
    await book(
      { org: 'promo', id: 'before', amount: 1n * unit, effectiveAt: minutesFromNow(-60).toISOString() },
      { org: 'promo', id: 'within', amount: 2n * unit, effectiveAt: minutesFromNow(1).toISOString() },
      { org: 'promo', id: 'after', amount: 4n * unit, effectiveAt: expiresAt },
    );
    expect(await leftOf('promo')).toEqual({ july: ['8', 'active'] });
    expect(await expireGrants(ledger.source, minutesFromNow(59))).toBe(0);
    expect(await expireGrants(ledger.source, minutesFromNow(61))).toBe(1);
    expect(await expireGrants(ledger.source, minutesFromNow(61))).toBe(0);
    // What comes late finds nothing left, and is the wallet's.
    await book({ org: 'promo', id: 'late', amount: 8n * unit, effectiveAt: minutesFromNow(2).toISOString() });
    expect(await balancesOf(ledger.source, 'promo')).toMatchObject({
      'customer-credits:july USD': '0',
      'promotion-expense USD': '2',
      'customer-wallet USD': '-13',
    });
  });

  it('is given once per key and id, and the key stands for it alone', async () => {
    const expiresAt = minutesFromNow(60).toISOString();
    const given = await give('once', 'a', { expiresAt });
    expect(await give('once', 'a', { expiresAt })).toEqual({ ...given, repeated: true });
    const { id: _, ...unnamed } = { id: 'a', orgId: 'once', currency, amount: '10.0', priority: 0, expiresAt };
    expect(await giveCredits(ledger.source, { ...unnamed, idempotencyKey: 'give-a' })).toMatchObject({ id: 'a' });
    for (const other of [{ amount: '11' }, { priority: 1 }, { wallet: 'default' }, { currency: 'EUR' }]) {
      await expect(give('once', 'a', { expiresAt, ...other })).rejects.toMatchObject({ code: 'conflict' });
    }
    await expect(give('once', 'a', { idempotencyKey: 'other' })).rejects.toMatchObject({ code: 'conflict' });
    await topUp('once', '1', 'default', 'paid');
    await expect(give('once', 'b', { idempotencyKey: 'paid' })).rejects.toMatchObject({ code: 'conflict' });
    const past = minutesFromNow(-1).toISOString();
    await expect(give('once', 'c', { expiresAt: past })).rejects.toMatchObject({ code: 'invalid' });
    await expect(give('once', 'c', { amount: '0' })).rejects.toMatchObject({ code: 'invalid' });
    await expect(give('once', 'c', { wallet: 'unknown' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('that is revoked ends at once, also when nothing is left of it, and stays ended', async () => {
    await give('ends', 'whole');
    await give('ends', 'used', { priority: -1, amount: '1' });
    await book({ org: 'ends', id: 'a', amount: 1n * unit });
    for (const id of ['whole', 'used', 'whole']) {
      expect(await endGrant(ledger.source, { orgId: 'ends', id })).toMatchObject({ left: '0', status: 'revoked' });
    }
    await book({ org: 'ends', id: 'b', amount: 1n * unit });
    expect(await balancesOf(ledger.source, 'ends')).toMatchObject({
      'promotion-expense USD': '1',
      'customer-wallet USD': '-1',
    });
    await expect(endGrant(ledger.source, { orgId: 'ends', id: 'none' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is used up across the months of one batch', async () => {
    await give('months', 'old', { amount: '3', validFrom: '2026-06-01T00:00:00Z' });
    await book(
      { org: 'months', id: 'july', amount: 2n * unit, effectiveAt: '2026-07-01T00:00:00.000Z' },
      { org: 'months', id: 'june', amount: 2n * unit, effectiveAt: '2026-06-30T23:59:59.999Z' },
    );
    expect(await balancesOf(ledger.source, 'months')).toMatchObject({
      'customer-credits:old USD': '0',
      'customer-wallet USD': '-1',
    });
    const rows = await ledger.source.query<{ month: string; amount: string }[]>(
      `SELECT to_char(t.period, 'YYYY-MM') AS month, p.amount FROM posting p JOIN transaction t ON t.id = transaction_id
       JOIN account a ON a.id = debit_account WHERE a.org_id = 'months' AND a.name = 'customer-credits:old' ORDER BY 1`,
    );
    expect(rows).toEqual([
      { month: '2026-06', amount: String(2n * unit) },
      { month: '2026-07', amount: String(unit) },
    ]);
  });

  it('cannot be changed or erased in the database, and stands in the chain', async () => {
    for (const table of ['wallet', 'wallet_terms', 'wallet_assignment', 'credit_grant']) {
      await expect(ledger.source.query(`DELETE FROM ${table}`)).rejects.toThrow(/permission denied/);
      const [pages] = await ledger.source.query<{ leaves: string; rows: string }[]>(
        `SELECT (SELECT sum(octet_length(leaves)) / 32 FROM leaf_page WHERE source = '${table}') AS leaves,
           (SELECT count(*) FROM ${table}) AS rows`,
      );
      expect(Number(pages?.leaves)).toBe(Number(pages?.rows));
      expect(Number(pages?.rows)).toBeGreaterThan(0);
    }
  });
});
