import { uuidv7 } from 'uuidv7';
import type { DueBatch, KeptBatch } from '#contracts/batch.js';
import type { LimitName } from '#contracts/requests/leases.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount, parseAmount, type Pico } from '#money/pico.js';
import { Refusal } from '#protocols/error-body.js';
import type { AskLedger, LedgerAnswer, Payer as LeasePayer } from '../admit/ask-ledger.js';
import type { BrokerClock } from '../admit/broker-clock.js';
import type { Cost } from '../admit/estimate-cost.js';
import type { LeaseCall } from '../admit/leased-money.js';
import { nothingLeft } from '../admit/nothing-left.js';

/** Who pays for a batch. */
type Payer = Pick<KeptBatch, 'orgId' | 'teamId' | 'projectId' | 'keyId'>;

export type BatchLease = NonNullable<DueBatch['lease']>;

/** The longest that the ledger grants. It outlives the claim of a relay that dies, and the pause after a failure. */
export const BATCH_LEASE_MS = 900_000;
const MAX_TRIES = 3;

/**
 * The money of batches: a lease each, of all that it may cost, from before it is asked for until it is metered. Whoever looks
 * after the batch renews it, so that it outlives the relay that took it and expires when there is nobody.
 */
export class BatchMoney {
  constructor(
    private readonly ask: AskLedger,
    private readonly clock: Pick<BrokerClock, 'nowMs'>,
    private readonly complain: (sentence: string, error: unknown) => void,
  ) {}

  async hold(payer: Payer, cost: Cost): Promise<BatchLease | Refusal> {
    try {
      const taken = await this.#take(payer, cost);
      return 'limit' in taken ? nothingLeft(taken.limit, cost, Date.now(), 'batch') : taken;
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error;
      this.complain(`The ledger leases no money for a batch of ${payer.orgId}: it is not made.`, error);
      return AWAY;
    }
  }

  /**
   * Where the lease is lost, because neither relays nor the ledger were there for long, another one takes its place.
   * @throws RequestFailure when the ledger does not answer, or nothing is left that could be leased.
   */
  async renew(payer: Payer, lease: BatchLease): Promise<BatchLease> {
    const renewedAtMs = this.clock.nowMs();
    const answer = await this.#renew(payer, lease);
    if (answer.status !== 'ended') return { ...lease, renewedAtMs };
    const { currency, amount } = lease;
    const taken = await this.#take(payer, { currency, amount: parseAmount(amount) });
    if (!('limit' in taken)) return taken;
    throw new RequestFailure('conflict', `Its lease has expired, and ${amount} ${currency} are not left any more.`);
  }

  /** What is not booked yet of the total stays held until it is. A lease that cannot be settled comes back by expiry. */
  async settle(payer: Payer, { id, currency }: Pick<BatchLease, 'id' | 'currency'>, total: Pico): Promise<void> {
    try {
      await this.#call({ ...payer, currency }, { kind: 'settle', leaseId: id, total });
    } catch (error) {
      this.complain(`The lease ${id} of a batch of ${payer.orgId} is not settled: it expires by itself.`, error);
    }
  }

  async #renew(payer: Payer, { id, currency }: BatchLease): Promise<LedgerAnswer> {
    try {
      return await this.#call({ ...payer, currency }, { kind: 'renew', leaseId: id });
    } catch (error) {
      // It ended so long ago that the ledger has forgotten it.
      if (error instanceof RequestFailure && error.code === 'not_found') return { status: 'ended' };
      throw error;
    }
  }

  /** All of it or nothing. */
  async #take(payer: Payer, { currency, amount }: Cost): Promise<BatchLease | NothingLeft> {
    const id = uuidv7();
    const renewedAtMs = this.clock.nowMs();
    const answer = await this.#call({ ...payer, currency }, { kind: 'lease', amount, least: amount }, id);
    if (answer.status === 'granted' && answer.amount === amount) {
      return { id, currency, amount: formatAmount(amount), renewedAtMs };
    }
    if (answer.status === 'granted') await this.settle(payer, { id, currency }, 0n);
    if ('limit' in answer && answer.limit !== undefined) return { limit: answer.limit };
    throw new Error(`The ledger leased less than ${formatAmount(amount)} ${currency} and does not say why.`);
  }

  /** In the same words again, where no answer came: it may have been granted all the same. */
  async #call(payer: LeasePayer, call: LeaseCall, id = uuidv7()): Promise<LedgerAnswer> {
    const named = { ...call, id, askedAtMs: performance.now() };
    for (let tried = 1; ; tried += 1) {
      try {
        return await this.ask(payer, named);
      } catch (error) {
        const isAway = error instanceof RequestFailure && error.code === 'unavailable';
        if (!isAway || tried === MAX_TRIES) throw error;
      }
    }
  }
}

interface NothingLeft {
  readonly limit: LimitName;
}

const AWAY = new Refusal('unavailable', 'The ledger leases no money for the batch at the moment: try again later.');
