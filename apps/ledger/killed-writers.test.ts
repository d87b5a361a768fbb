import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { formatAmount } from '#money/pico.js';
import { isPassing } from '#postgres/postgres-failure.js';
import { bookCharges } from './book-charges.js';
import { addBudget } from './budgets/create-budget.js';
import { readBudget } from './budgets/read-budgets.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { correctBookedCharge } from './corrections/correct-charge.js';
import { grantLease } from './leases/grant-lease.js';
import { budgetRequest, leaseRequest } from './leases/leases.fixture.js';
import { settleHold } from './leases/settle-lease.js';
import { balancesOf, type TestLedger, testLedger, wrongs } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';
import { giveCredits } from './wallets/grant-credits.js';
import { openNamedWallet } from './wallets/open-wallet.js';
import { readWallets } from './wallets/read-wallets.js';
import { refundMoney } from './wallets/refund-money.js';
import { transferMoney } from './wallets/transfer-money.js';

const currency = 'USD';
const now = new Date().toISOString();

let ledger: TestLedger;
let killer: pg.Client;
beforeAll(async () => {
  ledger = await testLedger();
  killer = new pg.Client(ledger.database.superuserUrl);
  await killer.connect();
});
afterAll(async () => {
  await killer.end();
  await ledger.close();
});

/** Somebody asks for it under a key of its own, until it is answered. */
type Operation = (writer: DataSource) => Promise<unknown>;

async function insist(writer: DataSource, operation: Operation): Promise<number> {
  for (let failures = 0; ; failures += 1) {
    try {
      await operation(writer);
      return failures;
    } catch (error) {
      if (!isPassing(error)) throw error;
    }
  }
}

/** Breaks off what any of the ledger's sessions is doing, again and again, until `done`. */
async function killUntil(done: () => boolean): Promise<void> {
  while (!done()) {
    await killer.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'ledger-test' AND xact_start IS NOT NULL
       ORDER BY random() LIMIT 1`,
    );
    await sleep(25);
  }
}

/** What is asked for: twenty of each kind, of distinct amounts so that no two can stand for each other. */
function operationsOf(orgId: string): Operation[] {
  const of = (what: string, number: number, pico: number) => ({
    ...{ orgId, currency, idempotencyKey: `${what}-${number}`, amount: formatAmount(BigInt(pico)) },
  });
  const charges = (number: number) =>
    Array.from({ length: 6 }, (_, index) => {
      const id = `event-${number}-${index}`;
      const price = index === 0 ? {} : { amount: BigInt(number * 10 + index), cost: BigInt(number) };
      return deliveredCharge({ org: orgId, id, effectiveAt: now, ...price });
    });
  return Array.from({ length: 20 }, (_, number): Operation[] => [
    (writer) => topUpWallet(writer, of('top-up', number, 1000 + number)),
    (writer) => giveCredits(writer, { ...of('grant', number, 50 + number), id: `g-${number}`, priority: number % 3 }),
    (writer) => transferMoney(writer, { ...of('transfer', number, 1 + number), from: 'default', to: 'side' }),
    (writer) => refundMoney(writer, { ...of('refund', number, 2 + number), wallet: 'default' }),
    async (writer) => {
      // One of the batch has no price yet; then it has one.
      expect(await bookCharges(writer, charges(number))).toEqual([]);
      const late = { eventId: `event-${number}-0`, cost: '0', priceVersion: 'late', reason: 'It has a price now.' };
      await correctBookedCharge(writer, { ...of('late', number, 7 + number), ...late });
    },
    async (writer) => {
      const { amount } = of('lease', number, 30 + number);
      const leaseId = `lease-${number}`;
      await grantLease(writer, leaseRequest({ orgId, amount, leaseId, ttlSeconds: 900 }));
      const used = { amount: BigInt(number), cost: 0n, leaseId, effectiveAt: now };
      await bookCharges(writer, [deliveredCharge({ org: orgId, id: `leased-${number}`, ...used })]);
      // Of every other one, ten more are on their way.
      const total = formatAmount(BigInt(number + (number % 2) * 10));
      await settleHold(writer, { orgId, leaseId, callId: `settle-${number}`, total, ttlSeconds: 900 });
    },
  ]).flat();
}

const sum = (of: (number: number) => number) =>
  Array.from({ length: 20 }, (_, number) => of(number)).reduce((a, b) => a + b);

describe('writers that are killed in the middle of their turns', () => {
  it('lose nothing and double nothing, eight of them, each operation asked for twice and insisted on', async () => {
    const { source } = ledger;
    const orgId = 'storm';
    await topUpWallet(source, { orgId, currency, amount: formatAmount(100_000n), idempotencyKey: 'first' });
    await openNamedWallet(source, { orgId, id: 'side', currency });
    await addBudget(source, budgetRequest({ orgId, id: 'all', amount: '1', period: 'total' }), new Date());
    const writers = await Promise.all(Array.from({ length: 8 }, () => ledger.connect()));
    const operations = operationsOf(orgId);
    let done = false;
    const killing = killUntil(() => done);
    const failures = await Promise.all(
      writers.map(async (writer, index) => {
        let failed = 0;
        // Each operation is asked for by two writers at about the same time.
        for (const [place, operation] of operations.entries()) {
          if (place % 4 === index % 4) failed += await insist(writer, operation);
        }
        return failed;
      }),
    ).finally(() => void (done = true));
    await killing;
    expect(failures.reduce((a, b) => a + b)).toBeGreaterThan(10);

    const refunded = sum((n) => 2 + n);
    const paidIn = 100_000 + sum((n) => 1000 + n);
    const granted = sum((n) => 50 + n);
    const used = sum((n) => 5 * n * 10 + 15) + sum((n) => 7 + n) + sum((n) => n);
    const pico = (number: number) => formatAmount(BigInt(number));
    expect(await balancesOf(source, orgId)).toMatchObject({
      'cash-clearing USD': pico(paidIn - refunded),
      'promotion-expense USD': pico(granted),
      'usage-revenue:openai USD': pico(used),
      'cost-of-sales:openai USD': pico(sum((n) => 5 * n)),
      'customer-wallet:side USD': pico(sum((n) => 1 + n)),
    });
    const [main] = (await readWallets(source, { orgId })).items;
    expect(main?.balance).toBe(pico(paidIn + granted - refunded - used - sum((n) => 1 + n)));
    const { current } = await readBudget(source.manager, orgId, 'all');
    expect(current).toMatchObject({ spent: pico(used), held: pico(sum((n) => (n % 2) * 10)) });
    expect(await wrongs(ledger)).toEqual([]);
  });

  it('have booked what they said, once, when their process is killed, and another goes on at once', async () => {
    for (const org of ['killed-1', 'killed-2']) {
      const said = await killedAfter(org, 40);
      // The log delivers again what was not acknowledged, and more.
      const again = Array.from({ length: said + 20 }, (_, number) =>
        deliveredCharge({ org, id: `event-${number}`, amount: 3n, cost: 1n }),
      );
      expect(await bookCharges(ledger.source, again)).toEqual([]);
      const balances = await balancesOf(ledger.source, org);
      expect(balances['usage-revenue:openai USD']).toBe(formatAmount(BigInt(again.length * 3)));
    }
    expect(await wrongs(ledger)).toEqual([]);
  });
});

/** Kills a process that books in a loop when it has said that it booked so many. @returns how many it said in the end. */
async function killedAfter(org: string, count: number): Promise<number> {
  const hooks = JSON.stringify(new URL('../../test/support/typescript-hooks.mjs', import.meta.url).href);
  const register = `data:text/javascript,import{register}from"node:module";register(${hooks})`;
  const script = join(process.cwd(), 'apps/ledger/booking-loop.fixture.ts');
  const child = spawn(process.execPath, ['--import', register, script, ledger.database.url, org], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = 0;
  const told = createInterface(child.stdout).on('line', () => {
    said += 1;
    if (said === count) child.kill('SIGKILL');
  });
  await once(told, 'close');
  expect(said).toBeGreaterThanOrEqual(count);
  return said;
}
