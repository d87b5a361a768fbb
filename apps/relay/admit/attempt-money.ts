import type { Attempt } from '#rating/rate-usage.js';
import { Refusal } from '#protocols/error-body.js';
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

  async hold(caller: Caller, planned: PlannedAttempt): Promise<HeldMoney | Refusal> {
    const { book } = this.prices;
    const cost = estimateCost(planned, book);
    const { orgId, teamId, projectId, keyId } = caller;
    const payer: Payer = { orgId, teamId, projectId, keyId, currency: cost.currency };
    const hold = await this.leases.hold(payer, cost.amount);
    return hold instanceof Refusal ? hold : this.#held(payer, hold, cost);
  }

  #held(payer: Payer, hold: LeaseHold, cost: Cost): HeldMoney {
    const { book } = this.prices;
    let isHeld = true;
    const end = (spent: bigint) => {
      if (isHeld) this.leases.settle(payer, hold, spent);
      isHeld = false;
    };
    return {
      leaseId: hold.leaseId,
      settle: (attempt) => end(settledCost(cost, attempt, book)),
      release: () => end(0n),
      keep: () => end(cost.amount),
    };
  }
}
