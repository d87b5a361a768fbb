import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { readBudget } from '../budgets/read-budgets.js';
import { closeSound } from '../expectations.fixture.js';
import { type TestLedger, testLedger } from '../test-ledger.fixture.js';
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
import { prolongLease } from './renew-lease.js';
import { settleHold } from './settle-lease.js';

describe('leases beside bookings', () => {
  let ledger: TestLedger;
  let source: DataSource;
  beforeAll(async () => {
    ledger = await testLedger();
    source = ledger.source;
  });
  afterAll(() => closeSound(ledger));

  it('never hold or spend more than there is, at any moment, with eight relays that use what they are granted', async () => {
    await topUp(source, 'busy', '1');
    await createBudgetNow(source, budgetRequest({ orgId: 'busy', id: 'b', amount: '0.9' }));
    const relays = await Promise.all(Array.from({ length: 8 }, () => ledger.connect()));
    let working = true;
    const watching = (async () => {
      const seen: { money: Pico; held: Pico }[] = [];
      while (working) seen.push(await walletAndHolds(source, 'busy'));
      return seen;
    })();
    await Promise.all(
      relays.map(async (relay) => {
        for (let turn = 0; turn < 8; turn += 1) {
          const request = leaseRequest({ orgId: 'busy', amount: '0.05' });
          const { leaseId } = request;
          const answer = await grantLease(relay, request);
          if (answer.status === 'refused') continue;
          // Uses half of it, in two charges, and settles in between.
          const quarter = parseAmount(answer.amount) / 4n;
          await book(relay, 'busy', formatAmount(quarter), { leaseId });
          const settlement = { orgId: 'busy', leaseId, callId: anId('call'), total: formatAmount(quarter * 2n) };
          await settleHold(relay, settlement);
          await book(relay, 'busy', formatAmount(quarter), { leaseId });
        }
      }),
    );
    working = false;
    const seen = await watching;
    expect(seen.length).toBeGreaterThan(10);
    // 0.9 of the 1 may be spent: at least 0.1 is neither spent nor held, always.
    for (const { money, held } of seen) expect(money - held).toBeGreaterThanOrEqual(unit / 10n);
    const { current } = await readBudget(source.manager, 'busy', 'b');
    expect(current.held).toBe('0');
    expect(Number(current.spent)).toBeGreaterThan(0.85);
  });

  it('agree with a model that fits on a page, whatever is asked in whatever order', async () => {
    const amount = fc.bigInt({ min: 1n, max: 60n });
    const name = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('lease' as const), name, amount }),
      fc.record({ do: fc.constant('renew' as const), name, amount }),
      fc.record({ do: fc.constant('settle' as const), name, amount: fc.bigInt({ min: 0n, max: 60n }) }),
      fc.record({ do: fc.constant('book' as const), name: fc.option(name, { nil: undefined }), amount }),
      fc.record({ do: fc.constant('expire' as const), name }),
      fc.record({ do: fc.constant('top-up' as const), amount }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
        const orgId = anId('org');
        await topUp(source, orgId, formatAmount(100n));
        await createBudgetNow(source, budgetRequest({ orgId, id: 'b', amount: formatAmount(120n), period: 'year' }));
        const model = new Model(100n, 120n);
        for (const one of steps) expect(await act(orgId, one)).toEqual(model.act(one));
        expect(await walletAndHolds(source, orgId)).toEqual({ money: model.money, held: model.held() });
      }),
      { numRuns: 30 },
    );
  });

  type Step =
    | { readonly do: 'lease' | 'renew' | 'settle'; readonly name: string; readonly amount: Pico }
    | { readonly do: 'book'; readonly name: string | undefined; readonly amount: Pico }
    | { readonly do: 'expire'; readonly name: string }
    | { readonly do: 'top-up'; readonly amount: Pico };

  /** @returns what was granted, added or is held, or why not. */
  async function act(orgId: string, step: Step): Promise<string> {
    const callId = anId('call');
    // A step of a lease that there is not, or a second one of a name, is answered and nothing more.
    const said = (error: unknown) => (error as { code: string }).code;
    switch (step.do) {
      case 'lease': {
        const request = leaseRequest({ orgId, leaseId: step.name, amount: formatAmount(step.amount), relayId: callId });
        const answered = grantLease(source, request);
        return answered.then((answer) => (answer.status === 'granted' ? answer.amount : answer.status), said);
      }
      case 'renew': {
        const renewal = { orgId, leaseId: step.name, callId, ttlSeconds: 60, amount: formatAmount(step.amount) };
        return prolongLease(source, renewal).then(
          (answer) => (answer.status === 'renewed' ? answer.added : answer.reason),
          said,
        );
      }
      case 'settle': {
        const settlement = { orgId, leaseId: step.name, callId, total: formatAmount(step.amount) };
        return settleHold(source, settlement).then(({ held }) => held, said);
      }
      case 'book':
        await book(source, orgId, formatAmount(step.amount), step.name === undefined ? {} : { leaseId: step.name });
        return 'done';
      case 'expire':
        await letExpire(source, orgId, step.name);
        return 'done';
      case 'top-up':
        await topUp(source, orgId, formatAmount(step.amount));
        return 'done';
    }
  }

  class Model {
    #spent = 0n;
    readonly #leases = new Map<string, { amount: Pico; used: Pico; ended?: 'expired' | 'settled' }>();
    /** A call that was refused keeps its id too. */
    readonly #asked = new Set<string>();

    constructor(
      public money: Pico,
      private readonly budget: Pico,
    ) {}

    held(): Pico {
      return [...this.#leases.values()].reduce((sum, lease) => sum + this.#heldBy(lease), 0n);
    }

    #heldBy({ amount, used, ended }: { amount: Pico; used: Pico; ended?: string }): Pico {
      return ended === 'expired' || used > amount ? 0n : amount - used;
    }

    #grant(wanted: Pico): Pico {
      const left = [wanted, this.money - this.held(), this.budget - this.#spent - this.held()];
      const least = left.reduce((one, other) => (one < other ? one : other));
      return least > 0n ? least : 0n;
    }

    act(step: Step): string {
      const lease = 'name' in step && step.name !== undefined ? this.#leases.get(step.name) : undefined;
      switch (step.do) {
        case 'lease': {
          if (this.#asked.has(step.name)) return 'conflict';
          this.#asked.add(step.name);
          const amount = this.#grant(step.amount);
          if (amount === 0n) return 'refused';
          this.#leases.set(step.name, { amount, used: 0n });
          return formatAmount(amount);
        }
        case 'renew': {
          if (lease === undefined) return 'not_found';
          if (lease.ended !== undefined) return lease.ended;
          const added = this.#grant(step.amount);
          if (added > 0n) lease.amount = (lease.used > lease.amount ? lease.used : lease.amount) + added;
          return formatAmount(added);
        }
        case 'settle':
          if (lease === undefined) return 'not_found';
          lease.amount = step.amount;
          lease.ended ??= 'settled';
          return formatAmount(this.#heldBy(lease));
        case 'book':
          this.money -= step.amount;
          this.#spent += step.amount;
          if (lease !== undefined) lease.used += step.amount;
          return 'done';
        case 'expire':
          if (lease !== undefined) lease.ended = 'expired';
          return 'done';
        case 'top-up':
          this.money += step.amount;
          return 'done';
      }
    }
  }
});
