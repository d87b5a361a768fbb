import type { Pico } from '#money/pico.js';

export const wallets = ['default', 'side'] as const;
export type Wallet = (typeof wallets)[number];
export type Currency = 'USD' | 'EUR';

export interface ModelCharge {
  readonly id: string;
  readonly at: Date;
  readonly team: Wallet;
  readonly currency: Currency;
  readonly provider: string;
  readonly leaseId?: string;
  /** Absent: suspended. */
  readonly price?: { readonly amount: Pico; readonly cost: Pico };
}

interface Grant {
  readonly id: string;
  readonly priority: number;
  readonly from: Date;
}

interface Lease {
  readonly wallet: Wallet;
  amount: Pico;
  used: Pico;
  ended?: 'expired' | 'settled';
}

interface Booked {
  readonly charge: ModelCharge;
  /** Who paid, first payer first. */
  readonly payments: { readonly account: string; readonly amount: Pico }[];
}

/** The months that are closed, of all organisations: a book has one calendar. */
export interface ModelCalendar {
  /** Such as `2020-03`. */
  firstOpen: string;
  readonly present: string;
}

export const monthOf = (at: Date) => at.toISOString().slice(0, 7);
const least = (a: Pico, b: Pico) => (a < b ? a : b);
const aboveZero = (amount: Pico) => (amount > 0n ? amount : 0n);

/** An organisation's book as a person would keep it: by account and currency, debits above zero and credits below. */
export class Model {
  readonly accounts = new Map<string, Pico>();
  /** By month of the book and currency. */
  readonly revenue = new Map<string, Pico>();
  readonly booked = new Map<string, Booked>();
  readonly leases = new Map<string, Lease>();
  readonly payments = new Map<string, { readonly wallet: Wallet; readonly amount: Pico }>();
  /** What came in and went out otherwise than by usage. */
  readonly flow = { in: 0n, out: 0n };
  readonly #grants: Grant[] = [];

  constructor(private readonly calendar: ModelCalendar) {}

  move(debit: string, credit: string, amount: Pico, currency: Currency = 'USD'): void {
    for (const [name, signed] of [
      [debit, amount],
      [credit, -amount],
    ] as const) {
      const account = `${name} ${currency}`;
      this.accounts.set(account, (this.accounts.get(account) ?? 0n) + signed);
    }
  }

  topUp(wallet: Wallet, amount: Pico): void {
    this.move('cash-clearing', walletAccount(wallet), amount);
    this.flow.in += amount;
  }

  refund(wallet: Wallet, amount: Pico): void {
    this.move(walletAccount(wallet), 'cash-clearing', amount);
    this.flow.out += amount;
  }

  transfer(from: Wallet, to: Wallet, amount: Pico): void {
    this.move(walletAccount(from), walletAccount(to), amount);
  }

  grant(grant: Grant, amount: Pico): void {
    this.move('promotion-expense', creditsAccount(grant), amount);
    this.flow.in += amount;
    this.#grants.push(grant);
    this.#grants.sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  }

  expireGrants(): void {
    for (const grant of this.#grants) {
      const left = this.#owedTo(creditsAccount(grant));
      this.move(creditsAccount(grant), 'promotion-expense', left);
      this.flow.out += left;
    }
  }

  /** A batch, in the order in which it happened. */
  charge(batch: readonly ModelCharge[]): void {
    for (const charge of batch.toSorted((a, b) => +a.at - +b.at || (a.id < b.id ? -1 : 1))) {
      this.booked.set(charge.id, { charge, payments: [] });
      if (charge.price === undefined) continue;
      this.#pay(charge, charge.price);
      const lease = this.leases.get(charge.leaseId ?? '');
      if (lease?.wallet === charge.team && charge.currency === 'USD') lease.used += charge.price.amount;
    }
  }

  #pay(charge: ModelCharge, { amount, cost }: { amount: Pico; cost: Pico }): void {
    const usable = this.#grants.filter(({ from }) => charge.currency === 'USD' && from <= charge.at);
    const payments: Booked['payments'] = [];
    let unpaid = amount;
    for (const account of usable.map(creditsAccount)) {
      const paid = least(this.#owedTo(account), unpaid);
      payments.push({ account, amount: paid });
      unpaid -= paid;
    }
    payments.push({ account: payerOf(charge), amount: unpaid });
    this.#settle(charge, payments, cost);
  }

  /** What was paid before stays paid by whom it was, first payer first; the wallet pays what is more. */
  correct(id: string, price: { amount: Pico; cost: Pico }): void {
    const booked = this.booked.get(id);
    if (booked === undefined) return;
    const { payments } = booked;
    const charge = { ...booked.charge, price };
    if (booked.charge.price === undefined) {
      this.#pay(charge, price);
    } else {
      let unpaid = price.amount;
      const kept = payments.map(({ account, amount }) => {
        const own = least(amount, unpaid);
        unpaid -= own;
        return { account, amount: own };
      });
      const last = kept.find(({ account }) => account === payerOf(charge));
      const grants = kept.filter((payment) => payment !== last);
      const rest = { account: payerOf(charge), amount: (last?.amount ?? 0n) + unpaid };
      this.#settle(charge, [...grants, rest], price.cost - booked.charge.price.cost);
    }
  }

  #settle(charge: ModelCharge, payments: Booked['payments'], cost: Pico): void {
    const { id, currency, provider } = charge;
    const before = this.booked.get(id)?.payments ?? [];
    const month = `${this.#periodOf(charge.at)} ${currency}`;
    for (const [sign, list] of [
      [-1n, before],
      [1n, payments],
    ] as const) {
      for (const { account, amount } of list) {
        this.move(account, `usage-revenue:${provider}`, sign * amount, currency);
        this.revenue.set(month, (this.revenue.get(month) ?? 0n) + sign * amount);
      }
    }
    this.move(`cost-of-sales:${provider}`, `provider-clearing:${provider}`, cost, currency);
    this.booked.set(id, { charge, payments: payments.filter(({ amount }) => amount > 0n) });
  }

  #periodOf(at: Date): string {
    const { firstOpen, present } = this.calendar;
    const month = monthOf(at) < present ? monthOf(at) : present;
    return month < firstOpen ? firstOpen : month;
  }

  lease(id: string, wallet: Wallet, wanted: Pico): Pico {
    const amount = least(wanted, aboveZero(this.#left(wallet)));
    if (amount > 0n) this.leases.set(id, { wallet, amount, used: 0n });
    return amount;
  }

  renew(lease: Lease, wanted: Pico): Pico {
    const added = least(wanted, aboveZero(this.#left(lease.wallet)));
    if (added > 0n) lease.amount = (lease.used > lease.amount ? lease.used : lease.amount) + added;
    return added;
  }

  held(wallet?: Wallet): Pico {
    return [...this.leases.values()]
      .filter((lease) => lease.ended !== 'expired' && (wallet ?? lease.wallet) === lease.wallet)
      .reduce((sum, { amount, used }) => sum + aboveZero(amount - used), 0n);
  }

  /** Of a wallet's own money, what no lease needs. */
  free(wallet: Wallet): Pico {
    return this.money(wallet) - aboveZero(this.held(wallet) - this.#shared(wallet));
  }

  money(wallet: Wallet): Pico {
    return this.#owedTo(walletAccount(wallet));
  }

  #left(wallet: Wallet): Pico {
    return this.money(wallet) + this.#shared(wallet) - this.held(wallet);
  }

  /** What is left of the grants, less what the leases of the other wallet need of them. */
  #shared(wallet: Wallet): Pico {
    const credits = this.#grants.reduce((sum, grant) => sum + this.#owedTo(creditsAccount(grant)), 0n);
    const other = wallet === 'default' ? 'side' : 'default';
    return aboveZero(credits - aboveZero(this.held(other) - aboveZero(this.money(other))));
  }

  #owedTo(account: string): Pico {
    return -(this.accounts.get(`${account} USD`) ?? 0n);
  }

  /** Usage as the charges have it now, whoever paid. */
  spent(currency: Currency): Pico {
    return [...this.booked.values()]
      .filter(({ charge }) => charge.currency === currency)
      .reduce((sum, { charge }) => sum + (charge.price?.amount ?? 0n), 0n);
  }
}

const walletAccount = (wallet: Wallet) => (wallet === 'default' ? 'customer-wallet' : `customer-wallet:${wallet}`);
const creditsAccount = ({ id }: Grant) => `customer-credits:${id}`;
/** The other wallet holds dollars only. */
const payerOf = ({ team, currency }: ModelCharge) => walletAccount(currency === 'USD' ? team : 'default');
