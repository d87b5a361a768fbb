import { AmountError, type Pico } from '#money/pico.js';
import {
  type Account,
  customerCredits,
  customerWallet,
  unbilledReceivable,
  usageRevenue,
} from './chart-of-accounts.js';
import type { Posting } from './posting-rules.js';

/** A usage with a known price that is not below zero. */
export interface PricedUsage {
  readonly eventId: string;
  readonly provider: string;
  readonly amount: Pico;
  /** When it happened, in milliseconds since 1970. */
  readonly effectiveAtMs: number;
}

/** Credits that a customer was given, with what is left of them. */
export interface Grant {
  readonly id: string;
  readonly left: Pico;
  /** The lower one is used first. */
  readonly priority: number;
  /** Usage before this does not use the grant. */
  readonly validFromMs: number;
  /** Nor does usage at this time or after it. Absent: it does not expire. */
  readonly expiresAtMs?: number;
  /** The one wallet whose usage it pays. Absent: any. */
  readonly wallet?: string;
}

/** Who pays what no grant does. */
export interface PayingWallet {
  readonly id: string;
  /** A postpaid wallet's usage is owed to us until it is invoiced. */
  readonly kind: 'prepaid' | 'postpaid';
}

export interface Allocation {
  /** One per pair of accounts, in the order of their names. */
  readonly postings: readonly Posting[];
  /** What is left of each grant that was given. */
  readonly left: ReadonlyMap<string, Pico>;
}

/**
 * Who pays for usages of one organisation in one currency: in the order in which they happened (then of their ids), each
 * takes from the grants that were valid at its time, by priority, then the one that expires first, then by id; the rest
 * is the wallet's. Usage that happened is always paid for, so a wallet may go below zero, and a grant never does.
 * @throws AmountError on an amount below zero: a correction is an event of its own.
 */
export function allocateUsage<Usage extends PricedUsage>(
  usages: readonly Usage[],
  grants: readonly Grant[],
  walletOf: (usage: Usage) => PayingWallet,
): Allocation {
  const revenue = new RevenueByPayer();
  const left = new Map(grants.map((grant) => [grant.id, grant.left]));
  let usable = grants.filter((grant) => grant.left > 0n).toSorted(inOrderOfUse);
  for (const usage of usages.toSorted(inOrderOfTime)) {
    if (usage.amount < 0n) throw new AmountError(`Usage ${usage.eventId} cannot be posted below zero.`);
    const wallet = walletOf(usage);
    let unpaid = usage.amount;
    for (const grant of usable) {
      if (unpaid === 0n) break;
      if (!isUsable(grant, usage, wallet)) continue;
      const available = left.get(grant.id) ?? 0n;
      const paid = available < unpaid ? available : unpaid;
      revenue.add(customerCredits(grant.id), usage.provider, paid);
      left.set(grant.id, available - paid);
      unpaid -= paid;
      if (paid === available) usable = usable.filter(({ id }) => id !== grant.id);
    }
    revenue.add(accountOf(wallet), usage.provider, unpaid);
  }
  return { postings: revenue.postings(), left };
}

function isUsable(grant: Grant, { effectiveAtMs }: PricedUsage, wallet: PayingWallet): boolean {
  return (
    effectiveAtMs >= grant.validFromMs &&
    (grant.expiresAtMs === undefined || effectiveAtMs < grant.expiresAtMs) &&
    (grant.wallet === undefined || grant.wallet === wallet.id)
  );
}

const accountOf = ({ id, kind }: PayingWallet) => (kind === 'prepaid' ? customerWallet(id) : unbilledReceivable(id));

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const inOrderOfTime = (a: PricedUsage, b: PricedUsage) =>
  a.effectiveAtMs - b.effectiveAtMs || byText(a.eventId, b.eventId);

/** Which of two grants a usage that may use both takes first. */
export function inOrderOfUse(a: Grant, b: Grant): number {
  if (a.priority !== b.priority) return a.priority - b.priority;
  const [ends, otherEnds] = [a.expiresAtMs ?? Infinity, b.expiresAtMs ?? Infinity];
  return ends === otherEnds ? byText(a.id, b.id) : ends - otherEnds;
}

/** Sums on the way: thousands of usages end in a few postings. */
class RevenueByPayer {
  readonly #totals = new Map<string, { debit: Account; byProvider: Map<string, Pico> }>();

  add(debit: Account, provider: string, amount: Pico): void {
    if (amount === 0n) return;
    let payer = this.#totals.get(debit.name);
    if (payer === undefined) this.#totals.set(debit.name, (payer = { debit, byProvider: new Map() }));
    payer.byProvider.set(provider, (payer.byProvider.get(provider) ?? 0n) + amount);
  }

  postings(): Posting[] {
    return [...this.#totals.values()]
      .flatMap(({ debit, byProvider }) =>
        [...byProvider].map(([provider, amount]) => ({ debit, credit: usageRevenue(provider), amount })),
      )
      .toSorted((a, b) => byText(a.debit.name, b.debit.name) || byText(a.credit.name, b.credit.name));
  }
}
