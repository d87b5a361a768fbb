import type { Pico } from '#money/pico.js';

/** Something that bounds what may be spent, and how much of it is neither spent nor held. It may be below zero. */
export interface SpendingLimit<Name> {
  readonly name: Name;
  readonly left: Pico;
  /** When it is whole again by itself; a wallet never is. In milliseconds since 1970. */
  readonly resetsAtMs?: number;
}

export interface Admission<Name> {
  /** Above zero unless there is nothing left. */
  readonly granted: Pico;
  /** What granted less than was wanted. */
  readonly limitedBy?: SpendingLimit<Name>;
}

/** Beyond what is needed now, nobody gets more than this part of what is left: there may be others, and one may die. */
const CAUTIOUS_PART = 8n;

/**
 * As much of what is wanted as every limit can bear. Where several bear the same, the one is named that lasts longest.
 * @param least what is needed now, of what is wanted: the rest is stock, and is cut before a limit is near its end.
 */
export function decideAdmission<Name>(
  wanted: Pico,
  limits: readonly SpendingLimit<Name>[],
  least = wanted,
): Admission<Name> {
  const tightest = limits.reduce<SpendingLimit<Name> | undefined>(
    (one, other) => (one === undefined || isTighter(other, one) ? other : one),
    undefined,
  );
  if (tightest === undefined) return { granted: wanted };
  const left = bearable(tightest);
  const granted = lower(wanted, lower(left, higher(least, left / CAUTIOUS_PART)));
  return granted === wanted ? { granted } : { granted, limitedBy: tightest };
}

/**
 * What a lease that is kept and wants no more is told: nothing, unless a limit is overdrawn, as by a budget that was set
 * after the lease was granted. Who spends evenly would never ask for more, and never hear of it.
 */
export function keepOf<Name>(limits: readonly SpendingLimit<Name>[]): Admission<Name> {
  const overdrawn = limits.find(({ left }) => left < 0n);
  return overdrawn === undefined ? { granted: 0n } : { granted: 0n, limitedBy: overdrawn };
}

const lower = (one: Pico, other: Pico): Pico => (one < other ? one : other);
const higher = (one: Pico, other: Pico): Pico => (one > other ? one : other);

function isTighter(one: SpendingLimit<unknown>, other: SpendingLimit<unknown>): boolean {
  // How far a limit is overdrawn does not matter: who is refused wants to know when it ends.
  if (bearable(one) !== bearable(other)) return bearable(one) < bearable(other);
  return (one.resetsAtMs ?? Infinity) > (other.resetsAtMs ?? Infinity);
}

const bearable = ({ left }: SpendingLimit<unknown>): Pico => above(left, 0n);

/** By how much an amount is above another, or 0. */
const above = (amount: Pico, other: Pico): Pico => (amount > other ? amount - other : 0n);

/** What a lease still keeps from others. */
export function heldBy(amount: Pico, used: Pico): Pico {
  return above(amount, used);
}

/** The thresholds, in percent, that this much reaches. Nothing spent reaches none, also of a budget of nothing. */
export function thresholdsReached(thresholds: readonly number[], amount: Pico, spent: Pico): number[] {
  return thresholds.filter((percent) => spent > 0n && spent * 100n >= amount * BigInt(percent));
}

/** A wallet and what open leases hold of it. */
export interface LeasedWallet {
  /** Its money, the grants that are its alone and its credit limit, less what it owes. */
  readonly own: Pico;
  readonly held: Pico;
}

/**
 * What a wallet can still bear. A grant that any wallet may use is counted once: what the leases of other wallets need of
 * it beyond those wallets' own is not there for this one.
 * @param shared what is left of the grants that any wallet may use.
 */
export function leftInWallet({ own, held }: LeasedWallet, others: readonly LeasedWallet[], shared: Pico): Pico {
  const needed = others.reduce((sum, other) => sum + above(other.held, other.own > 0n ? other.own : 0n), 0n);
  return own + above(shared, needed) - held;
}

/**
 * How much of a wallet's own money nobody has leased, so that it may leave the wallet. Grants and credit cover leases first,
 * as far as they go.
 * @param left what the wallet can still bear: see leftInWallet.
 */
export function freeMoney(money: Pico, held: Pico, left: Pico): Pico {
  const elsewhere = left + held - money;
  return money - above(held, elsewhere > 0n ? elsewhere : 0n);
}
