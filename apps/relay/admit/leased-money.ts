import type { Pico } from '#money/pico.js';

/** The hold of one attempt on a lease. */
export interface LeaseHold {
  readonly leaseId: string;
  readonly amount: Pico;
}

/** What is to be asked of the ledger. It is asked until it is answered, always in the same words. */
export type LeaseCall =
  | { readonly kind: 'lease'; readonly amount: Pico; readonly least: Pico }
  | { readonly kind: 'renew'; readonly leaseId: string; readonly amount?: Pico; readonly least?: Pico }
  | { readonly kind: 'settle'; readonly leaseId: string; readonly total: Pico };

/** Times are in milliseconds of a clock that never goes back. */
interface Lease {
  readonly id: string;
  readonly sinceMs: number;
  granted: Pico;
  spent: Pico;
  reserved: Pico;
  expiresAtMs: number;
  /** What the ledger was last told that it comes to; undefined while it is open. */
  settledAt?: Pico;
}

export const LEASE_TTL_MS = 300_000;
/** A lease is kept as long as the ledger's is sure to be: its clock began before ours. */
const RENEW_BEFORE_MS = 240_000;
/** An attempt whose charge is never booked holds its money until its lease ends: so a lease ends. */
const ROTATE_AFTER_MS = 900_000;
const IDLE_MS = 30_000;
/** How long after a refusal the ledger is left alone. */
const REFUSED_PAUSE_MS = 250;
/** Stock is asked for at most so often; what requests wait for, at once. */
const STOCK_PAUSE_MS = 100;
/** Money that came in within this time may come in again: who waits for it is not refused yet. */
const HOPE_MS = 2_000;
/** A first lease is for this many requests like the one that needs it. */
const FIRST_CHUNK = 16n;
/** Stock that was used up faster than this was too small, and slower than that too large. */
const FAST_MS = 20_000;
const SLOW_MS = 120_000;

/**
 * What one path (organisation, team, project, key) may spend in one currency without asking: the leases that it holds, less
 * what was spent and is held for attempts under way. It grows with use and shrinks where the wallet is nearly empty. Pure:
 * it says what to ask the ledger, and is told the answers.
 */
export class LeasedMoney {
  #current: Lease | undefined;
  readonly #ending = new Map<string, Lease>();
  #chunk: Pico = 0n;
  #lowWater: Pico = 0n;
  #askedAtMs = -Infinity;
  #refusedAtMs = -Infinity;
  #moneyAtMs = -Infinity;
  #least: Pico = 0n;
  /** The last grant, where it was less than was needed. */
  #tooLittle: Pico = 0n;
  #usedAtMs = -Infinity;

  /** What can be held at once. Below zero where attempts cost more than was held for them. */
  available(nowMs: number): Pico {
    const lease = this.#open(nowMs);
    return lease === undefined ? 0n : lease.granted - lease.spent - lease.reserved;
  }

  reserve(amount: Pico, nowMs: number): LeaseHold | undefined {
    this.#usedAtMs = nowMs;
    const lease = this.#open(nowMs);
    if (lease === undefined || this.available(nowMs) < amount) return undefined;
    lease.reserved += amount;
    return { leaseId: lease.id, amount };
  }

  /** @param cost may be above what was held: it happened, and is spent. */
  settle({ leaseId, amount }: LeaseHold, cost: Pico, nowMs: number): void {
    const lease = this.#current?.id === leaseId ? this.#current : this.#ending.get(leaseId);
    // Its lease has expired: others may hold that money, and the charge will be posted all the same.
    if (lease === undefined) return;
    lease.reserved -= amount;
    lease.spent += cost;
    if (cost < amount) this.#moneyAtMs = nowMs;
    this.#usedAtMs = nowMs;
  }

  /** Whether waiting may help: the ledger has not refused, or money came in just now. */
  hasHope(nowMs: number): boolean {
    return nowMs - this.#refusedAtMs >= REFUSED_PAUSE_MS || nowMs - this.#moneyAtMs < HOPE_MS;
  }

  /** Nothing is held and nothing is to be told: it can be forgotten. */
  get isEmpty(): boolean {
    return this.#current === undefined && this.#ending.size === 0;
  }

  /**
   * What the ledger is to be asked now.
   * @param needed what requests wait for.
   */
  next(needed: Pico, nowMs: number): LeaseCall | undefined {
    this.#dropExpired(nowMs);
    this.#retireIdle(needed, nowMs);
    return this.#wantMore(needed, nowMs) ?? this.#keep(nowMs) ?? this.#tellEnd(nowMs);
  }

  /** @param askedAtMs when it was asked for first: the ledger's time to live begins after that. */
  granted(id: string, amount: Pico, askedAtMs: number): void {
    if (this.#current !== undefined) this.#retire(this.#current);
    this.#current = {
      ...{ id, sinceMs: askedAtMs, granted: amount, spent: 0n, reserved: 0n },
      expiresAtMs: askedAtMs + LEASE_TTL_MS,
    };
    this.#stocked(amount, askedAtMs);
  }

  renewed(id: string, added: Pico, askedAtMs: number): void {
    if (this.#current?.id !== id) return;
    this.#current.granted += added;
    this.#current.expiresAtMs = askedAtMs + LEASE_TTL_MS;
    if (added > 0n) this.#stocked(added, askedAtMs);
  }

  settled(id: string, total: Pico, askedAtMs: number): void {
    const lease = this.#ending.get(id);
    if (lease === undefined) return;
    lease.settledAt = total;
    lease.expiresAtMs = Math.max(lease.expiresAtMs, askedAtMs + LEASE_TTL_MS);
    if (lease.reserved === 0n && lease.spent === total) this.#ending.delete(id);
  }

  /** The ledger knows the lease no more, or as ended: nothing can be spent under it. */
  ended(id: string): void {
    if (this.#current?.id === id) this.#current = undefined;
    this.#ending.delete(id);
  }

  /**
   * Nothing is left of the wallet or of a budget. What is left here and is too little for those who wait goes back: another
   * relay may have the rest.
   */
  refused(needed: Pico, nowMs: number): void {
    this.#refusedAtMs = nowMs;
    this.#chunk = 0n;
    this.#lowWater = 0n;
    if (needed > 0n && this.#current?.reserved === 0n) this.close();
  }

  /** Ends what is open, so that it is settled. */
  close(): void {
    if (this.#current !== undefined) this.#retire(this.#current);
  }

  #open(nowMs: number): Lease | undefined {
    return this.#current !== undefined && nowMs < this.#current.expiresAtMs ? this.#current : undefined;
  }

  #dropExpired(nowMs: number): void {
    if (this.#current !== undefined && this.#open(nowMs) === undefined) this.#current = undefined;
    for (const lease of this.#ending.values()) if (nowMs >= lease.expiresAtMs) this.#ending.delete(lease.id);
  }

  #retireIdle(needed: Pico, nowMs: number): void {
    const isUsed = this.#current === undefined || this.#current.reserved > 0n || needed > 0n;
    if (!isUsed && nowMs - this.#usedAtMs >= IDLE_MS) this.close();
  }

  #retire(lease: Lease): void {
    this.#ending.set(lease.id, lease);
    this.#current = undefined;
  }

  #wantMore(needed: Pico, nowMs: number): LeaseCall | undefined {
    if (nowMs - this.#refusedAtMs < REFUSED_PAUSE_MS) return undefined;
    const available = this.available(nowMs);
    const isLow = available < this.#lowWater && nowMs - this.#askedAtMs >= STOCK_PAUSE_MS;
    // The next one is there before it ends, so that nobody waits.
    const isOld = this.#current !== undefined && nowMs - this.#current.sinceMs >= ROTATE_AFTER_MS;
    const isStocked = this.#current === undefined || !(isLow || isOld);
    if (needed <= available && isStocked) return undefined;
    const least = needed > available ? needed - available : 0n;
    this.#least = least;
    this.#resize(needed, nowMs);
    const amount = higher(least, this.#chunk - (isOld ? 0n : available));
    return this.#current === undefined || isOld
      ? { kind: 'lease', amount, least }
      : { kind: 'renew', leaseId: this.#current.id, amount, least };
  }

  #resize(needed: Pico, nowMs: number): void {
    const passedMs = nowMs - this.#askedAtMs;
    if (passedMs < FAST_MS) this.#chunk *= 2n;
    else if (passedMs > SLOW_MS) this.#chunk /= 2n;
    this.#chunk = higher(this.#chunk, needed * FIRST_CHUNK);
    this.#askedAtMs = nowMs;
  }

  /** More is asked for when half of it is used, also where it was less than was wanted: so stock shrinks with the wallet. */
  #stocked(added: Pico, nowMs: number): void {
    const available = this.available(nowMs);
    this.#lowWater = higher(available, 0n) / 2n;
    if (added < this.#chunk) this.#chunk = added;
    const tooLittle = added < this.#least ? added : 0n;
    // As much again is what went back to the ledger before: nothing has come in.
    if (tooLittle === 0n || tooLittle !== this.#tooLittle) this.#moneyAtMs = nowMs;
    this.#tooLittle = tooLittle;
  }

  #keep(nowMs: number): LeaseCall | undefined {
    const lease = this.#current;
    if (lease === undefined || lease.expiresAtMs - nowMs > RENEW_BEFORE_MS) return undefined;
    return { kind: 'renew', leaseId: lease.id };
  }

  /** A lease that ends is told at once what it may come to, and in the end what it came to. */
  #tellEnd(nowMs: number): LeaseCall | undefined {
    for (const { id, spent, reserved, settledAt, expiresAtMs } of this.#ending.values()) {
      const total = spent + reserved;
      const isLate = expiresAtMs - nowMs <= RENEW_BEFORE_MS;
      if (settledAt === undefined || reserved === 0n || isLate) return { kind: 'settle', leaseId: id, total };
    }
    return undefined;
  }
}

const higher = (one: Pico, other: Pico): Pico => (one > other ? one : other);
