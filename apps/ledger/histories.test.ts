import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { formatAmount, type Pico } from '#money/pico.js';
import { bookCharges } from './book-charges.js';
import { deliveredCharge } from './charge-event.fixture.js';
import { correctBookedCharge } from './corrections/correct-charge.js';
import { addBudget } from './budgets/create-budget.js';
import {
  type Currency,
  Model,
  type ModelCalendar,
  type ModelCharge,
  type Wallet,
  wallets,
} from './histories.fixture.js';
import { refused, twice } from './expectations.fixture.js';
import { grantLease } from './leases/grant-lease.js';
import { budgetRequest, leaseRequest, letExpire } from './leases/leases.fixture.js';
import { prolongLease } from './leases/renew-lease.js';
import { settleHold } from './leases/settle-lease.js';
import { closeMonth } from './periods/close-period.js';
import { balancesOf, type TestLedger, testLedger, wrongs } from './test-ledger.fixture.js';
import { topUpWallet } from './top-up.js';
import { assignUsage } from './wallets/assign-wallet.js';
import { expireGrants } from './wallets/expire-grants.js';
import { giveCredits } from './wallets/grant-credits.js';
import { openNamedWallet } from './wallets/open-wallet.js';
import { refundMoney } from './wallets/refund-money.js';
import { transferMoney } from './wallets/transfer-money.js';

const currency = 'USD';
/** Every grant ends here, long after any usage. */
const grantsEnd = new Date('2090-01-01T00:00:00Z');
const afterGrants = new Date('2091-01-01T00:00:00Z');

const amount = fc.bigInt({ min: 1n, max: 60n });
/** Of a grant: a charge may need several. */
const few = fc.bigInt({ min: 1n, max: 20n });
const price = fc.record({ amount: fc.bigInt({ min: 0n, max: 60n }), cost: fc.bigInt({ min: 0n, max: 60n }) });
const wallet = fc.constantFrom(...wallets);
const which = fc.nat({ max: 20 });
const name = fc.constantFrom('a', 'b', 'c');
/** Days from the beginning of a history, which lasts three months. */
const day = fc.nat({ max: 88 });
const charge = fc.record({
  day,
  team: wallet,
  currency: fc.constantFrom<Currency>('USD', 'USD', 'USD', 'EUR'),
  provider: fc.constantFrom('openai', 'anthropic'),
  lease: fc.option(name, { nil: undefined }),
  price: fc.option(price, { nil: undefined, freq: 8 }),
});
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ do: fc.constant('top-up' as const), wallet, amount, key: fc.nat({ max: 5 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('grant' as const), amount: few, priority: fc.nat({ max: 1 }), day }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('charge' as const),
      charges: fc.array(charge, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('charge again' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('lease' as const), name, wallet, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('renew' as const), name, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle' as const), name, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end of lease' as const), name }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('transfer' as const), from: wallet, amount }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refund' as const), wallet, amount }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('end of grants' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('correct' as const), which, price }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;
type Did<What extends Step['do']> = Extract<Step, { do: What }>;

describe('a book with any history', () => {
  let ledger: TestLedger;
  beforeAll(async () => void (ledger = await testLedger()));
  afterAll(() => ledger.close());

  it('has the balances of a model, loses and makes no money, and is sound to the verifier', async () => {
    const calendar: ModelCalendar = { firstOpen: '2000-01', present: new Date().toISOString().slice(0, 7) };
    let round = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 40, size: 'max' }), async (steps) => {
        const history = new History(ledger.source, calendar, (round += 1));
        await history.begin();
        for (const one of steps) await history.take(one);
        await history.compare();
        expect(await wrongs(ledger)).toEqual([]);
      }),
      // A shorter history would be of another calendar: what failed is shown as it was.
      { numRuns: 12, endOnFailure: true },
    );
  });
});

/** Does every step to the ledger and to the model, and expects of the ledger to refuse what the model refuses. */
class History {
  readonly #orgId: string;
  readonly #model: Model;
  readonly #start: Date;
  #number = 0;

  constructor(
    private readonly source: DataSource,
    private readonly calendar: ModelCalendar,
    round: number,
  ) {
    this.#orgId = `org-${round}`;
    this.#model = new Model(calendar);
    this.#start = new Date(Date.UTC(2000, 3 * round, 1));
  }

  /** With months of its own, all earlier ones closed: the calendar is one for all. */
  async begin(): Promise<void> {
    const { source } = this;
    const [orgId, side] = [this.#orgId, 'side'];
    while (this.calendar.firstOpen < this.#start.toISOString().slice(0, 7)) await this.#close();
    await openNamedWallet(source, { orgId, id: side, currency });
    await assignUsage(source, { orgId, currency, payer: { kind: 'team', id: side }, wallet: side });
    const soft = { orgId, amount: '0.00000000001', enforcement: 'soft' } as const;
    await addBudget(source, budgetRequest({ ...soft, id: 'by-month' }), this.#start);
    const team = { scope: 'team', scopeId: side, period: 'total' } as const;
    await addBudget(source, budgetRequest({ ...soft, ...team, id: 'of-team' }), this.#start);
  }

  async take(step: Step): Promise<void> {
    this.#number += 1;
    switch (step.do) {
      case 'top-up':
        return this.#topUp(step);
      case 'grant':
        return this.#grant(step);
      case 'charge':
        return this.#charge(step);
      case 'charge again':
        return this.#chargeAgain(step);
      case 'lease':
        return this.#lease(step);
      case 'renew':
        return this.#renew(step);
      case 'settle':
        return this.#settle(step);
      case 'end of lease': {
        await letExpire(this.source, this.#orgId, step.name);
        const lease = this.#model.leases.get(step.name);
        if (lease !== undefined) lease.ended = 'expired';
        return;
      }
      case 'transfer':
        return this.#transfer(step);
      case 'refund':
        return this.#refund(step);
      case 'end of grants':
        await expireGrants(this.source, afterGrants);
        return this.#model.expireGrants();
      case 'correct':
        return this.#correct(step);
      case 'close':
        if (this.calendar.firstOpen < this.#day(88).toISOString().slice(0, 7)) await this.#close();
    }
  }

  async #topUp({ wallet, amount, key }: Did<'top-up'>): Promise<void> {
    const request = { ...this.#request(amount), wallet, idempotencyKey: `payment-${key}` };
    const { payments } = this.#model;
    const earlier = payments.get(request.idempotencyKey);
    const done = topUpWallet(this.source, request);
    if (earlier !== undefined && (earlier.wallet !== wallet || earlier.amount !== amount)) return refused(done);
    expect((await done).repeated).toBe(earlier !== undefined);
    if (earlier !== undefined) return;
    payments.set(request.idempotencyKey, { wallet, amount });
    this.#model.topUp(wallet, amount);
  }

  async #grant({ amount, priority, day }: Did<'grant'>): Promise<void> {
    const grant = { id: `grant-${100 - this.#number}`, priority, from: this.#day(day) };
    const times = { validFrom: grant.from.toISOString(), expiresAt: grantsEnd.toISOString() };
    const request = { ...this.#request(amount), id: grant.id, priority, ...times };
    await twice(() => giveCredits(this.source, request));
    this.#model.grant(grant, amount);
  }

  async #charge({ charges }: Did<'charge'>): Promise<void> {
    const batch = charges.map(({ day, lease, price, ...of }, index): ModelCharge => {
      const leased = lease === undefined ? {} : { leaseId: lease };
      const priced = price === undefined ? {} : { price };
      return { ...of, id: `event-${this.#number}-${index}`, at: this.#day(day, index), ...leased, ...priced };
    });
    expect(
      await bookCharges(
        this.source,
        batch.map((one) => this.#deliver(one)),
      ),
    ).toEqual([]);
    this.#model.charge(batch);
  }

  /** Late and repeated beside one that contradicts the book. */
  async #chargeAgain({ which }: Did<'charge again'>): Promise<void> {
    const all = [...this.#model.booked.values()].map(({ charge }) => charge);
    const wrong = all[which % Math.max(all.length, 1)];
    const deliveries = all.toReversed().map((one) => this.#deliver(one));
    if (wrong !== undefined) deliveries.push(this.#deliver(wrong, 'other content'));
    const rejections = await bookCharges(this.source, deliveries);
    expect(rejections.map(({ reason }) => reason.code)).toEqual(wrong === undefined ? [] : ['payload_conflict']);
  }

  async #lease({ name, wallet, amount }: Did<'lease'>): Promise<void> {
    // One of a name is one for ever: the name is the call's id too.
    if (this.#model.leases.has(name)) return;
    const { orgId, ...wanted } = this.#request(amount);
    const request = leaseRequest({ orgId, amount: wanted.amount, leaseId: name, teamId: wallet, ttlSeconds: 900 });
    const granted = this.#model.lease(name, wallet, amount);
    const answer = await grantLease(
      this.source,
      granted === 0n ? { ...request, leaseId: `no-${this.#number}` } : request,
    );
    expect(answer).toMatchObject(granted === 0n ? { status: 'refused' } : { amount: formatAmount(granted) });
  }

  async #renew({ name, amount }: Did<'renew'>): Promise<void> {
    const lease = this.#model.leases.get(name);
    const call = { orgId: this.#orgId, leaseId: name, callId: `call-${this.#number}` };
    const done = prolongLease(this.source, { ...call, ttlSeconds: 900, amount: formatAmount(amount) });
    if (lease === undefined) return refused(done);
    const expected =
      lease.ended === undefined ? { added: formatAmount(this.#model.renew(lease, amount)) } : { reason: lease.ended };
    expect(await done).toMatchObject(expected);
  }

  async #settle({ name, amount }: Did<'settle'>): Promise<void> {
    const lease = this.#model.leases.get(name);
    const call = { orgId: this.#orgId, leaseId: name, callId: `call-${this.#number}` };
    const done = settleHold(this.source, { ...call, total: formatAmount(amount) });
    if (lease === undefined) return refused(done);
    await done;
    lease.amount = amount;
    lease.ended ??= 'settled';
  }

  async #transfer({ from, amount }: Did<'transfer'>): Promise<void> {
    const to: Wallet = from === 'default' ? 'side' : 'default';
    const request = { ...this.#request(amount), from, to };
    if (this.#model.free(from) < amount) return refused(transferMoney(this.source, request));
    await twice(() => transferMoney(this.source, request));
    this.#model.transfer(from, to, amount);
  }

  async #refund({ wallet, amount }: Did<'refund'>): Promise<void> {
    const request = { ...this.#request(amount), wallet };
    if (this.#model.free(wallet) < amount) return refused(refundMoney(this.source, request));
    await twice(() => refundMoney(this.source, request));
    this.#model.refund(wallet, amount);
  }

  /** Also the late price of a suspended one. */
  async #correct({ which, price }: Did<'correct'>): Promise<void> {
    const all = [...this.#model.booked.values()];
    const charge = all[which % Math.max(all.length, 1)]?.charge;
    if (charge === undefined) return;
    const { amount, idempotencyKey, orgId } = this.#request(price.amount);
    const wanted = { orgId, eventId: charge.id, currency: charge.currency, amount, cost: formatAmount(price.cost) };
    const request = { ...wanted, idempotencyKey, priceVersion: 'right', reason: 'The price was wrong.' };
    const isRight = charge.price?.amount === price.amount && charge.price.cost === price.cost;
    if (isRight) return refused(correctBookedCharge(this.source, request));
    await twice(() => correctBookedCharge(this.source, request));
    this.#model.correct(charge.id, price);
  }

  async #close(): Promise<void> {
    const { firstOpen: period } = this.calendar;
    await closeMonth(this.source, { period, closedBy: 'accountant' });
    const next = new Date(`${period}-01T00:00:00Z`);
    next.setUTCMonth(next.getUTCMonth() + 1);
    this.calendar.firstOpen = next.toISOString().slice(0, 7);
  }

  async compare(): Promise<void> {
    const model = this.#model;
    const balances = await balancesOf(this.source, this.#orgId);
    expect(withoutZeros(balances)).toEqual(
      withoutZeros(Object.fromEntries([...model.accounts].map(([name, signed]) => [name, shown(name, signed)]))),
    );
    expect(await this.#readRevenue()).toEqual(Object.fromEntries([...model.revenue].filter(([, sum]) => sum !== 0n)));
    expect(await this.#readHeld()).toBe(model.held());
    // What came in is what went out, what was used, and what is still there.
    const kept = Object.keys(balances).filter((name) => /^customer-.* USD$/.test(name));
    const left = kept.reduce((sum, name) => sum - (model.accounts.get(name) ?? 0n), 0n);
    expect(left).toBe(model.flow.in - model.flow.out - model.spent('USD'));
  }

  async #readRevenue(): Promise<Record<string, Pico>> {
    const rows = await this.source.query<{ month: string; revenue: string }[]>(
      `SELECT to_char(t.period, 'YYYY-MM') || ' ' || t.currency AS month,
         sum(CASE e.side WHEN 'credit' THEN e.amount ELSE -e.amount END) AS revenue
       FROM entry e JOIN account a ON a.id = e.account_id JOIN transaction t ON t.id = e.transaction_id
       WHERE e.org_id = $1 AND a.name LIKE 'usage-revenue:%' GROUP BY 1`,
      [this.#orgId],
    );
    const sums = rows.map(({ month, revenue }): [string, Pico] => [month, BigInt(revenue)]);
    return Object.fromEntries(sums.filter(([, sum]) => sum !== 0n));
  }

  async #readHeld(): Promise<Pico> {
    const [row] = await this.source.query<{ held: string }[]>(
      `SELECT coalesce(sum(amount - used), 0) AS held FROM lease
       WHERE org_id = $1 AND amount > used AND expires_at > clock_timestamp()`,
      [this.#orgId],
    );
    return BigInt(row?.held ?? 0);
  }

  #deliver({ at, leaseId, price, ...of }: ModelCharge, content = 'usage') {
    const leased = leaseId === undefined ? {} : { leaseId };
    return deliveredCharge({ ...of, ...price, ...leased, org: this.#orgId, effectiveAt: at.toISOString(), content });
  }

  #request(amount: Pico) {
    return { orgId: this.#orgId, currency, amount: formatAmount(amount), idempotencyKey: `step-${this.#number}` };
  }

  #day(day: number, second = 0): Date {
    return new Date(this.#start.getTime() + (day * 86_400 + second) * 1000);
  }
}

const withoutZeros = (balances: Record<string, string>) =>
  Object.fromEntries(Object.entries(balances).filter(([, balance]) => balance !== '0'));
const isDebit = (name: string) => /^(cash-clearing|promotion-expense|cost-of-sales)/.test(name);
const shown = (name: string, signed: Pico) => formatAmount(isDebit(name) ? signed : -signed);
