import type { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { addBudget } from '#apps/ledger/budgets/create-budget.js';
import { budgetRequest, leaseRequest } from '#apps/ledger/leases/leases.fixture.js';
import { grantLease } from '#apps/ledger/leases/grant-lease.js';
import { settleHold } from '#apps/ledger/leases/settle-lease.js';
import { topUpWallet } from '#apps/ledger/top-up.js';
import { readWallet } from '#apps/ledger/wallets/read-wallets.js';
import { type Figure, percentile } from '../benchmark.js';

const samples = 1000;
/** What the relays of a busy organisation hold at a time. */
const openLeases = 100;

const orgId = 'leases';

/**
 * How long a relay waits for a lease, and anybody for a wallet's balance: alone, and while charges are booked.
 * @param bookBatch books another batch; leases wait for its turn.
 */
export async function measureLatency(book: DataSource, bookBatch: () => Promise<unknown>): Promise<Figure[]> {
  await topUpWallet(book, { orgId, currency: 'USD', amount: '1000000', idempotencyKey: 'bench' });
  await addBudget(book, budgetRequest({ orgId, amount: '1000000' }), new Date());
  for (let count = 0; count < openLeases; count += 1) await lease(book);
  const alone = await timesOf(() => leaseAndSettle(book));
  const balance = await timesOf(() =>
    elapsedMs(() => readWallet(book.manager, { orgId, wallet: 'default', currency: 'USD' })),
  );
  let measuring = true;
  const booking = (async () => {
    while (measuring) await bookBatch();
  })();
  const beside = await timesOf(() => leaseAndSettle(book)).finally(() => (measuring = false));
  await booking;
  return [...figures('lease', alone), ...figures('lease beside bookings', beside), ...figures('balance', balance)];
}

async function timesOf(sample: () => Promise<number>): Promise<number[]> {
  const times: number[] = [];
  for (let count = 0; count < samples; count += 1) times.push(await sample());
  return times;
}

async function leaseAndSettle(book: DataSource): Promise<number> {
  let leaseId = '';
  const ms = await elapsedMs(async () => void (leaseId = await lease(book)));
  await settleHold(book, { orgId, leaseId, callId: uuidv7(), total: '0' });
  return ms;
}

async function lease(book: DataSource): Promise<string> {
  const request = leaseRequest({ orgId, leaseId: uuidv7(), amount: '0.01' });
  const { status } = await grantLease(book, request);
  if (status !== 'granted') throw new Error('The benchmark was refused a lease: its wallet is too small.');
  return request.leaseId;
}

async function elapsedMs(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

const figures = (name: string, times: readonly number[]): Figure[] => [
  { name: `${name}, p50`, value: percentile(times, 0.5), unit: 'ms' },
  { name: `${name}, p99`, value: percentile(times, 0.99), unit: 'ms' },
];
