import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LEASE_TTL_MS, type LeaseCall, type LeaseHold, LeasedMoney } from './leased-money.js';

/** A wallet and the leases of it, as the ledger grants them: all that is needed, and an eighth of what is left as stock. */
class Wallet {
  readonly leases = new Map<string, bigint>();

  constructor(public left: bigint) {}

  take(wanted: bigint, least: bigint): bigint {
    const careful = least > this.left / 8n ? least : this.left / 8n;
    const most = careful < this.left ? careful : this.left;
    const granted = wanted < most ? wanted : most;
    this.left -= granted;
    return granted;
  }
}

/** Asks and answers until there is nothing to ask. */
function converse(money: LeasedMoney, wallet: Wallet, needed: bigint, nowMs: number): LeaseCall['kind'][] {
  const asked: LeaseCall['kind'][] = [];
  for (let call = money.next(needed, nowMs); call !== undefined; call = money.next(needed, nowMs)) {
    asked.push(call.kind);
    if (asked.length > 100) throw new Error(`It asks for ever: ${asked.slice(-3).join(', ')}.`);
    answer(money, wallet, call, { needed, nowMs });
  }
  return asked;
}

function answer(
  money: LeasedMoney,
  wallet: Wallet,
  call: LeaseCall,
  { needed, nowMs }: { needed: bigint; nowMs: number },
): void {
  if (call.kind === 'settle') {
    wallet.left += (wallet.leases.get(call.leaseId) ?? 0n) - call.total;
    wallet.leases.set(call.leaseId, call.total);
    return money.settled(call.leaseId, call.total, nowMs);
  }
  if (call.amount === undefined) return money.renewed((call as { leaseId: string }).leaseId, 0n, nowMs);
  const amount = wallet.take(call.amount, call.least ?? call.amount);
  if (amount === 0n) return money.refused(needed, nowMs);
  const id = call.kind === 'lease' ? `lease-${wallet.leases.size}` : call.leaseId;
  wallet.leases.set(id, (wallet.leases.get(id) ?? 0n) + amount);
  if (call.kind === 'lease') money.granted(id, amount, nowMs);
  else money.renewed(id, amount, nowMs);
}

describe('leased money', () => {
  it('is never spent and held beyond what was leased, and comes back to the last unit, whatever happens in whatever order', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('hold' as const), amount: fc.bigInt({ min: 1n, max: 300n }) }),
      fc.record({ do: fc.constant('settle' as const), percent: fc.bigInt({ min: 0n, max: 100n }) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 200_000 }) }),
    );
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 3_000n }), fc.array(step, { maxLength: 60 }), (filled, steps) => {
        const wallet = new Wallet(filled);
        const money = new LeasedMoney();
        const holds: LeaseHold[] = [];
        let [spent, nowMs] = [0n, 0];
        for (const one of steps) {
          if (one.do === 'wait') nowMs += one.ms;
          if (one.do === 'hold') {
            const hold = money.reserve(one.amount, nowMs);
            if (hold === undefined) converse(money, wallet, one.amount, nowMs);
            const held = hold ?? money.reserve(one.amount, nowMs);
            if (held !== undefined) holds.push(held);
          }
          const ended = one.do === 'settle' ? holds.shift() : undefined;
          if (ended !== undefined && one.do === 'settle') {
            const cost = (ended.amount * one.percent) / 100n;
            spent += cost;
            money.settle(ended, cost, nowMs);
          }
          converse(money, wallet, 0n, nowMs);
          const held = holds.reduce((sum, { amount }) => sum + amount, 0n);
          const leased = [...wallet.leases.values()].reduce((sum, amount) => sum + amount, 0n);
          expect(spent + held <= leased).toBe(true);
          expect(wallet.left >= 0n && wallet.left + leased === filled).toBe(true);
        }
        for (const hold of holds) money.settle(hold, 0n, nowMs);
        money.close();
        converse(money, wallet, 0n, nowMs);
        expect(money.isEmpty).toBe(true);
        expect(wallet.left).toBe(filled - spent);
      }),
    );
  });

  it('is asked for before it runs out, in larger parts the faster it goes, and in smaller ones near the end', () => {
    const money = new LeasedMoney();
    const wallet = new Wallet(100_000n);
    const grants: bigint[] = [];
    for (let request = 0; request < 3_000; request += 1) {
      const before = wallet.left;
      const call = money.next(money.available(request) < 10n ? 10n : 0n, request);
      if (call !== undefined) {
        answer(money, wallet, call, { needed: 0n, nowMs: request });
        grants.push(before - wallet.left);
      }
      const hold = money.reserve(10n, request);
      expect(hold).toBeDefined();
      if (hold !== undefined) money.settle(hold, 10n, request);
    }
    expect(grants[0]).toBe(160n);
    expect(Math.max(...grants.map(Number))).toBeGreaterThan(2_000);
    expect(grants.length).toBeLessThan(40);
  });

  it('is not spent after its lease may have expired for the ledger', () => {
    const money = new LeasedMoney();
    money.granted('l', 100n, 1_000);
    expect(money.reserve(10n, 1_000 + LEASE_TTL_MS - 1)).toBeDefined();
    expect(money.reserve(10n, 1_000 + LEASE_TTL_MS)).toBeUndefined();
    expect(money.next(0n, 1_000 + LEASE_TTL_MS)).toBeUndefined();
    expect(money.next(10n, 1_000 + LEASE_TTL_MS)).toMatchObject({ kind: 'lease', least: 10n });
  });

  it('is renewed while it is used, and settled when it is not: what was spent, and not a unit more', () => {
    const money = new LeasedMoney();
    money.granted('l', 100n, 0);
    const hold = money.reserve(40n, 0);
    expect(money.next(0n, 60_000)).toEqual({ kind: 'renew', leaseId: 'l' });
    money.renewed('l', 0n, 60_000);
    expect(money.next(0n, 60_001)).toBeUndefined();
    if (hold !== undefined) money.settle(hold, 25n, 60_001);
    expect(money.next(0n, 90_001)).toEqual({ kind: 'settle', leaseId: 'l', total: 25n });
    money.settled('l', 25n, 90_001);
    expect(money.isEmpty).toBe(true);
  });

  it('that is not enough and of which nothing is left for anyone goes back, and is not asked for at once again', () => {
    const money = new LeasedMoney();
    money.granted('l', 5n, 0);
    expect(money.reserve(10n, 10)).toBeUndefined();
    expect(money.next(10n, 10)).toMatchObject({ kind: 'renew', least: 5n });
    money.refused(10n, 12);
    expect(money.next(10n, 12)).toEqual({ kind: 'settle', leaseId: 'l', total: 0n });
    money.settled('l', 0n, 12);
    expect(money.next(10n, 100)).toBeUndefined();
    expect(money.next(10n, 262)).toMatchObject({ kind: 'lease' });
    expect(money.hasHope(263)).toBe(true);
    money.refused(10n, 2_500);
    expect(money.hasHope(2_501)).toBe(false);
  });

  it('that is less than was needed, and comes again as it went back, is no sign of more: who waits is refused', () => {
    const hopeAfter = (...grants: bigint[]) => {
      const money = new LeasedMoney();
      for (const [at, granted] of grants.entries()) {
        const nowMs = at * 1_500;
        expect(money.next(10n, nowMs)).toMatchObject({ kind: 'lease', least: 10n });
        money.granted('l', granted, nowMs);
        money.refused(10n, nowMs);
        expect(money.next(10n, nowMs)).toMatchObject({ kind: 'settle', total: 0n });
        money.settled('l', 0n, nowMs);
      }
      money.refused(10n, 2_100);
      return money.hasHope(2_101);
    };
    expect(hopeAfter(5n, 5n)).toBe(false);
    expect(hopeAfter(5n, 6n)).toBe(true);
    expect(hopeAfter(6n, 5n)).toBe(true);
  });

  it('of an attempt that cost more than was held for it is owed by the next lease', () => {
    const money = new LeasedMoney();
    money.granted('l', 100n, 0);
    const hold = money.reserve(100n, 0);
    if (hold !== undefined) money.settle(hold, 130n, 1);
    expect(money.available(1)).toBe(-30n);
    expect(money.next(10n, 1)).toMatchObject({ kind: 'renew', leaseId: 'l', least: 40n });
  });

  it('is of a new lease after a quarter of an hour, so that what is never booked is not held for ever', () => {
    const money = new LeasedMoney();
    money.granted('old', 1_000n, 0);
    for (let nowMs = 0; nowMs < 900_000; nowMs += 10_000) {
      const hold = money.reserve(1n, nowMs);
      if (hold !== undefined) money.settle(hold, 1n, nowMs);
      if (money.next(0n, nowMs)?.kind === 'renew') money.renewed('old', 0n, nowMs);
    }
    expect(money.next(0n, 900_000)).toMatchObject({ kind: 'lease' });
    money.granted('new', 500n, 900_000);
    expect(money.reserve(1n, 900_000)).toMatchObject({ leaseId: 'new' });
    expect(money.next(0n, 900_000)).toEqual({ kind: 'settle', leaseId: 'old', total: 90n });
  });
});
