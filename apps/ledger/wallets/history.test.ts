import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatAmount, type Pico } from '#money/pico.js';
import { bookCharges } from '../book-charges.js';
import { deliveredCharge } from '../charge-event.fixture.js';
import { refused, twice } from '../expectations.fixture.js';
import { type TestLedger, testLedger, unsoundness } from '../test-ledger.fixture.js';
import { topUpWallet } from '../top-up.js';
import { assignUsage } from './assign-wallet.js';
import { endGrant, expireGrants } from './expire-grants.js';
import { giveCredits } from './grant-credits.js';
import { openNamedWallet } from './open-wallet.js';
import { readGrants } from './read-grants.js';
import { readWallets } from './read-wallets.js';
import { bookReportedRefund, refundMoney } from './refund-money.js';
import { setTerms } from './set-terms.js';
import { transferMoney } from './transfer-money.js';

const currency = 'USD';
const wallets = ['default', 'research', 'sales'] as const;
type Wallet = (typeof wallets)[number];

interface ModelGrant {
  readonly id: string;
  readonly priority: number;
  readonly from: number;
  readonly to: number;
  readonly wallet: Wallet | undefined;
  left: Pico;
}

/** What an organisation has, on a page: money per wallet, what `sales` owes, grants, and payments with their refunds. */
class Model {
  readonly money: Record<Wallet, Pico> = { default: 0n, research: 0n, sales: 0n };
  owed = 0n;
  unbilled = 0n;
  readonly grants: ModelGrant[] = [];
  readonly payments = new Map<string, { readonly wallet: Wallet; readonly amount: Pico; refunded: Pico }>();

  charge(charges: readonly { id: string; at: number; wallet: Wallet; amount: Pico }[]): void {
    const inTime = [...charges].sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
    for (const { at, wallet, amount } of inTime) {
      let unpaid = amount;
      while (unpaid > 0n) {
        const grant = this.#bestGrant(at, wallet);
        if (grant === undefined) break;
        const paid = grant.left < unpaid ? grant.left : unpaid;
        grant.left -= paid;
        unpaid -= paid;
      }
      if (wallet === 'sales') this.unbilled += unpaid;
      else this.money[wallet] -= unpaid;
    }
  }

  #bestGrant(at: number, wallet: Wallet): ModelGrant | undefined {
    return this.grants
      .filter(({ left, from, to, wallet: only }) => left > 0n && from <= at && at < to && (only ?? wallet) === wallet)
      .sort((a, b) => a.priority - b.priority || a.to - b.to || (a.id < b.id ? -1 : 1))[0];
  }
}

/** Times are minutes from the start: grants begin before it and expire after it, charges and expiries are anywhere. */
const at = fc.integer({ min: -20, max: 40 });
const amount = fc.bigInt({ min: 1n, max: 50n });
const wallet = fc.constantFrom(...wallets);
const step = fc.oneof(
  fc.record({ do: fc.constant('top-up' as const), wallet, amount, key: fc.integer({ min: 0, max: 3 }) }),
  fc.record({
    do: fc.constant('grant' as const),
    amount,
    priority: fc.integer({ min: 0, max: 1 }),
    from: fc.integer({ min: -20, max: -1 }),
    to: fc.integer({ min: 10, max: 40 }),
    wallet: fc.option(wallet, { nil: undefined }),
  }),
  fc.record({
    do: fc.constant('charge' as const),
    charges: fc.array(fc.record({ at, wallet, amount }), { maxLength: 6 }),
  }),
  fc.record({ do: fc.constant('expire' as const), at }),
  fc.record({ do: fc.constant('revoke' as const), which: fc.nat({ max: 5 }) }),
  fc.record({ do: fc.constant('transfer' as const), from: wallet, to: wallet, amount }),
  fc.record({ do: fc.constant('refund' as const), wallet, amount }),
  fc.record({ do: fc.constant('reported refund' as const), key: fc.integer({ min: 0, max: 3 }), total: amount }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

describe('an organisation with any history', () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await testLedger()));
  afterAll(() => ledger.close());

  it('has the balances of a model that fits on a page, and books that balance', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }), async (steps) => {
        round += 1;
        const history = new History(ledger, `org-${round}`);
        await history.begin();
        for (const one of steps) await history.take(one);
        await history.compare();
        expect(await unsoundness(ledger.source)).toEqual([]);
      }),
      { numRuns: 40 },
    );
  }, 180_000);
});

/** Does every step to the ledger and to the model, and expects of the ledger to refuse what the model refuses. */
class History {
  readonly #model = new Model();
  readonly #start = Date.now();
  #number = 0;

  constructor(
    private readonly ledger: TestLedger,
    private readonly orgId: string,
  ) {}

  async begin(): Promise<void> {
    const { source } = this.ledger;
    const terms = { kind: 'postpaid', creditLimit: '0' } as const;
    for (const id of ['research', 'sales'] as const) {
      await openNamedWallet(source, { orgId: this.orgId, id, currency });
      await assignUsage(source, { orgId: this.orgId, currency, payer: { kind: 'team', id }, wallet: id });
    }
    await setTerms(source, { orgId: this.orgId, wallet: 'sales', currency, terms });
  }

  async take(step: Step): Promise<void> {
    this.#number += 1;
    switch (step.do) {
      case 'top-up':
        return this.#topUp(step);
      case 'grant':
        return this.#grant(step);
      case 'charge':
        return this.#charge(step.charges);
      case 'expire':
        await expireGrants(this.ledger.source, this.#time(step.at));
        for (const grant of this.#model.grants) if (grant.to <= step.at) grant.left = 0n;
        return;
      case 'revoke':
        return this.#revoke(step.which);
      case 'transfer':
        return this.#transfer(step);
      case 'refund':
        return this.#refund(step);
      case 'reported refund':
        return this.#reportedRefund(step);
    }
  }

  async #topUp({ wallet, amount, key }: Extract<Step, { do: 'top-up' }>): Promise<void> {
    const request = { ...this.#request(amount), wallet, idempotencyKey: `payment-${key}` };
    const earlier = this.#model.payments.get(request.idempotencyKey);
    const done = topUpWallet(this.ledger.source, request);
    if (earlier !== undefined && (earlier.wallet !== wallet || earlier.amount !== amount)) return refused(done);
    expect((await done).repeated).toBe(earlier !== undefined);
    if (earlier !== undefined) return;
    this.#model.money[wallet] += amount;
    this.#model.payments.set(request.idempotencyKey, { wallet, amount, refunded: 0n });
  }

  async #grant({ amount, priority, from, to, wallet }: Extract<Step, { do: 'grant' }>): Promise<void> {
    const id = `grant-${this.#number}`;
    const times = { validFrom: this.#time(from).toISOString(), expiresAt: this.#time(to).toISOString() };
    const request = { ...this.#request(amount), id, priority, ...times, ...(wallet === undefined ? {} : { wallet }) };
    await twice(() => giveCredits(this.ledger.source, request));
    this.#model.grants.push({ id, left: amount, priority, from, to, wallet });
  }

  async #charge(sketches: readonly { at: number; wallet: Wallet; amount: Pico }[]): Promise<void> {
    const charges = sketches.map((sketch, index) => ({ ...sketch, id: `event-${this.#number}-${index}` }));
    const deliveries = charges.map(({ id, at, wallet, amount }) =>
      deliveredCharge({ org: this.orgId, id, amount, team: wallet, effectiveAt: this.#time(at).toISOString() }),
    );
    await bookCharges(this.ledger.source, deliveries);
    await bookCharges(this.ledger.source, deliveries.toReversed());
    this.#model.charge(charges);
  }

  async #revoke(which: number): Promise<void> {
    const grant = this.#model.grants[which];
    if (grant === undefined) return refused(endGrant(this.ledger.source, { orgId: this.orgId, id: 'none' }));
    await endGrant(this.ledger.source, { orgId: this.orgId, id: grant.id });
    grant.left = 0n;
  }

  async #transfer({ from, to, amount }: Extract<Step, { do: 'transfer' }>): Promise<void> {
    const request = { ...this.#request(amount), from, to };
    const { money } = this.#model;
    if (from === to || money[from] < amount) return refused(transferMoney(this.ledger.source, request));
    // Again, it is answered as done, although the money may be gone by now.
    await twice(() => transferMoney(this.ledger.source, request));
    money[from] -= amount;
    money[to] += amount;
  }

  async #refund({ wallet, amount }: Extract<Step, { do: 'refund' }>): Promise<void> {
    const request = { ...this.#request(amount), wallet };
    if (this.#model.money[wallet] < amount) return refused(refundMoney(this.ledger.source, request));
    await twice(() => refundMoney(this.ledger.source, request));
    this.#model.money[wallet] -= amount;
  }

  async #reportedRefund({ key, total }: Extract<Step, { do: 'reported refund' }>): Promise<void> {
    const paymentId = `payment-${key}`;
    const payment = this.#model.payments.get(paymentId);
    const report = { orgId: this.orgId, paymentId, currency, refundedTotal: formatAmount(total) };
    const done = bookReportedRefund(this.ledger.source, report);
    if (payment === undefined || total > payment.amount) return refused(done);
    await done;
    if (total <= payment.refunded) return;
    const back = total - payment.refunded;
    const { money } = this.#model;
    const own = money[payment.wallet] <= 0n ? 0n : money[payment.wallet] < back ? money[payment.wallet] : back;
    money[payment.wallet] -= own;
    this.#model.owed += back - own;
    payment.refunded = total;
  }

  async compare(): Promise<void> {
    const { items } = await readWallets(this.ledger.source, { orgId: this.orgId });
    const money = Object.fromEntries(items.map(({ id, money }) => [id, money]));
    const expected = Object.entries(this.#model.money).map(([id, pico]) => [id, formatAmount(pico)]);
    // A default wallet that nothing happened to is not listed.
    expect({ default: '0', ...money }).toEqual(Object.fromEntries(expected));
    expect(items.find(({ id }) => id === 'sales')?.unbilled).toBe(formatAmount(this.#model.unbilled));
    for (const { id, credits } of items) {
      const usable = this.#model.grants.filter(({ wallet, from, to }) => (wallet ?? id) === id && from <= 0 && to > 0);
      expect(credits).toBe(formatAmount(usable.reduce((sum, { left }) => sum + left, 0n)));
    }
    const grants = (await readGrants(this.ledger.source, { orgId: this.orgId, limit: 100 })).items;
    const left = (some: readonly (readonly [string, string])[]) => Object.fromEntries(some);
    expect(left(grants.map(({ id, left }) => [id, left]))).toEqual(
      left(this.#model.grants.map(({ id, left }) => [id, formatAmount(left)])),
    );
    const [row] = await this.ledger.source.query<{ owed: string }[]>(
      `SELECT coalesce(sum(debits - credits), 0) AS owed FROM balance JOIN account ON id = account_id
       WHERE org_id = $1 AND name LIKE 'receivable:%'`,
      [this.orgId],
    );
    expect(row?.owed).toBe(String(this.#model.owed));
  }

  #request(amount: Pico) {
    return { orgId: this.orgId, currency, amount: formatAmount(amount), idempotencyKey: `step-${this.#number}` };
  }

  #time(minutes: number): Date {
    return new Date(this.#start + minutes * 60_000);
  }
}
