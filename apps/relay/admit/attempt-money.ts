import type { Pico } from '#money/pico.js';
import { Refusal } from '#protocols/error-body.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import type { Attempt } from '#rating/rate-usage.js';
import type { Caller } from '../authenticate/key-directory.js';
import type { CurrentPrices } from '../snapshots/current-prices.js';
import type { Payer } from './ask-ledger.js';
import { type Cost, estimateCost, type PlannedAttempt } from './estimate-cost.js';
import type { LeaseKeeper } from './lease-keeper.js';
import type { LeaseHold } from './leased-money.js';
import { settledCost } from './settled-cost.js';

/** The money that an attempt holds while it is under way. The first end counts. */
export interface HeldMoney {
  /** Under which the attempt is booked. */
  readonly leaseId: string;
  /** Takes what it cost, and gives back the rest. */
  settle(attempt: Attempt): void;
  /** For an attempt that is not opened. */
  release(): void;
  /** For an attempt that the relay itself failed at: nobody knows what it cost, so all of it counts as spent. */
  keep(): void;
}

/** Holds money for attempts at the current prices. Only the first request of a path waits for the ledger. */
export class AttemptMoney {
  constructor(
    private readonly leases: LeaseKeeper,
    private readonly prices: CurrentPrices,
  ) {}

  hold(caller: Caller, planned: PlannedAttempt): HeldMoney | Refusal | Promise<HeldMoney | Refusal> {
    const { book } = this.prices;
    const cost = estimateCost(planned, book);
    const { orgId, teamId, projectId, keyId } = caller;
    const payer: Payer = { orgId, teamId, projectId, keyId, currency: cost.currency };
    const hold = this.leases.hold(payer, cost.amount);
    const held = (one: LeaseHold | Refusal) =>
      one instanceof Refusal ? one : new LeasedHold(this.leases, { payer, hold: one, cost, book });
    return hold instanceof Promise ? hold.then(held) : held(hold);
  }
}

interface Held {
  readonly payer: Payer;
  readonly hold: LeaseHold;
  readonly cost: Cost;
  /** At whose prices it was held. */
  readonly book: CompiledPriceBook | undefined;
}

class LeasedHold implements HeldMoney {
  #isHeld = true;

  constructor(
    private readonly leases: LeaseKeeper,
    private readonly held: Held,
  ) {}

  get leaseId(): string {
    return this.held.hold.leaseId;
  }

  settle(attempt: Attempt): void {
    if (this.#isHeld) this.#end(settledCost(this.held.cost, attempt, this.held.book));
  }

  release(): void {
    this.#end(0n);
  }

  keep(): void {
    this.#end(this.held.cost.amount);
  }

  #end(spent: Pico): void {
    if (this.#isHeld) this.leases.settle(this.held.payer, this.held.hold, spent);
    this.#isHeld = false;
  }
}
