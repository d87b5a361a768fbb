import { uuidv7 } from 'uuidv7';
import type { LimitName } from '#contracts/requests/leases.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { Pico } from '#money/pico.js';
import { Refusal } from '#protocols/error-body.js';
import type { AskLedger, LedgerAnswer, NamedCall, Payer } from './ask-ledger.js';
import { LEASE_TTL_MS, type LeaseHold, LeasedMoney } from './leased-money.js';
import { nothingLeft } from './nothing-left.js';

const TICK_MS = 100;
/** How long a request waits for money that is not leased yet. */
const MAX_WAIT_MS = 5_000;
const MAX_WAITING = 1_000;
const RETRY_MS = 500;

interface Waiting {
  readonly amount: Pico;
  readonly untilMs: number;
  readonly resolve: (outcome: LeaseHold | Refusal) => void;
}

interface Account {
  readonly payer: Payer;
  readonly money: LeasedMoney;
  waiting: Waiting[];
  /** Asked, and not answered yet. */
  call?: NamedCall | undefined;
  isAsking: boolean;
  /** No answer came: the ledger is left alone until then. */
  pausedUntilMs: number;
  /** What the ledger granted less for than was asked. Absent when it did not, or does not answer. */
  limit?: LimitName | undefined;
  /** The least that a request waited for when the ledger refused: for less than that it may be asked again. */
  refused: Pico;
}

const AWAY = new Refusal(
  'unavailable',
  'The ledger does not answer, and nothing that it leased before is left here: try again in a moment.',
);
const BUSY = new Refusal('unavailable', `${MAX_WAITING} requests wait for the same wallet: try again in a moment.`);

/**
 * Keeps every path's leased money topped up, renewed and, when it is idle, given back. A request asks only what is here:
 * the first of a path waits for its lease, and later ones only where the money runs out.
 */
export class LeaseKeeper {
  readonly #accounts = new Map<string, Account>();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  constructor(
    private readonly ask: AskLedger,
    private readonly complain: (sentence: string, error: unknown) => void,
  ) {}

  hold(payer: Payer, amount: Pico): LeaseHold | Refusal | Promise<LeaseHold | Refusal> {
    const account = this.#accountOf(payer);
    const nowMs = performance.now();
    // Who came before is served before.
    const hold = account.waiting.length > 0 ? undefined : account.money.reserve(amount, nowMs);
    if (hold !== undefined) {
      this.#work(account);
      return hold;
    }
    if (account.limit !== undefined && isHopeless(account, amount, nowMs)) {
      return nothingLeft(account.limit, { currency: payer.currency, amount }, Date.now());
    }
    if (account.waiting.length >= MAX_WAITING) return BUSY;
    return new Promise((resolve) => {
      account.waiting.push({ amount, untilMs: nowMs + MAX_WAIT_MS, resolve });
      this.#work(account);
    });
  }

  settle(payer: Payer, hold: LeaseHold, cost: Pico): void {
    const account = this.#accountOf(payer);
    account.money.settle(hold, cost, performance.now());
    this.#serve(account);
    this.#work(account);
  }

  /** Gives back what is not spent, as far as the ledger takes it within `maxMs`. The rest comes back by expiry. */
  async stop(maxMs: number): Promise<void> {
    for (const { money } of this.#accounts.values()) money.close();
    const untilMs = performance.now() + maxMs;
    while (this.#accounts.size > 0 && performance.now() < untilMs) {
      this.#tick();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    clearInterval(this.#timer);
    if (this.#accounts.size === 0) return;
    this.complain(`${this.#accounts.size} leases are not settled: what they hold comes back by expiry.`, undefined);
  }

  #accountOf(payer: Payer): Account {
    const name = `${payer.orgId} ${payer.teamId} ${payer.projectId} ${payer.keyId} ${payer.currency}`;
    let account = this.#accounts.get(name);
    if (account === undefined) {
      account = { payer, money: new LeasedMoney(), waiting: [], isAsking: false, pausedUntilMs: 0, refused: 0n };
      this.#accounts.set(name, account);
    }
    return account;
  }

  #tick(): void {
    for (const [name, account] of this.#accounts) {
      this.#serve(account);
      this.#work(account);
      const isDone = account.money.isEmpty && account.waiting.length === 0 && !account.isAsking;
      if (isDone && account.call === undefined) this.#accounts.delete(name);
    }
  }

  /** Whoever can be served is, in the order in which they came; who has waited long enough is told so. */
  #serve(account: Account): void {
    const { payer, money, waiting, limit } = account;
    if (waiting.length === 0) return;
    const nowMs = performance.now();
    const left = waiting.filter(({ amount, untilMs, resolve }) => {
      const hold = money.reserve(amount, nowMs);
      if (hold !== undefined) resolve(hold);
      else if (!isHopeless(account, amount, nowMs) && nowMs < untilMs) return true;
      else resolve(limit === undefined ? AWAY : nothingLeft(limit, { currency: payer.currency, amount }, Date.now()));
      return false;
    });
    waiting.splice(0, waiting.length, ...left);
  }

  /** One question of an account at a time: the next one follows from the answer. */
  #work(account: Account): void {
    if (account.isAsking || performance.now() < account.pausedUntilMs) return;
    account.call ??= this.#nextCall(account);
    if (account.call === undefined) return;
    account.isAsking = true;
    void this.#ask(account, account.call).then(() => {
      account.isAsking = false;
      this.#serve(account);
      this.#work(account);
    });
  }

  #nextCall({ money, waiting }: Account): NamedCall | undefined {
    const nowMs = performance.now();
    const call = money.next(sumOf(waiting), nowMs);
    return call && { ...call, id: uuidv7(), askedAtMs: nowMs };
  }

  async #ask(account: Account, call: NamedCall): Promise<void> {
    try {
      const answer = await this.ask(account.payer, call);
      delete account.call;
      this.#take(account, call, answer);
    } catch (error) {
      const nowMs = performance.now();
      account.pausedUntilMs = nowMs + RETRY_MS;
      const isAway = error instanceof RequestFailure && error.code === 'unavailable';
      // Its answer may be lost: it is asked again, for as long as a lease that it got could still be open.
      if (isAway && nowMs - call.askedAtMs < LEASE_TTL_MS) delete account.limit;
      else delete account.call;
      if (!isAway && call.kind !== 'lease') account.money.ended(call.leaseId);
      this.complain(`The ledger did not answer for ${account.payer.orgId}: ${call.kind} is asked again.`, error);
    }
  }
  #take(account: Account, call: NamedCall, answer: LedgerAnswer): void {
    const { money, waiting } = account;
    if (answer.status === 'refused') {
      // A limit was lowered below what is leased: the next request asks what it bears now.
      if (call.kind === 'renew' && call.amount === undefined) return money.close();
      account.limit = answer.limit;
      account.refused = leastOf(waiting);
      return money.refused(sumOf(waiting), performance.now());
    }
    if (call.kind === 'settle') return money.settled(call.leaseId, call.total, call.askedAtMs);
    if ('limit' in answer && call.amount !== undefined) account.limit = answer.limit;
    if (answer.status === 'granted') money.granted(call.id, answer.amount, call.askedAtMs);
    if (call.kind === 'lease') return;
    if (answer.status === 'renewed') money.renewed(call.leaseId, answer.amount, call.askedAtMs);
    if (answer.status === 'ended') money.ended(call.leaseId);
  }
}

function isHopeless({ limit, money, refused }: Account, amount: Pico, nowMs: number): boolean {
  return limit !== undefined && amount >= refused && !money.hasHope(nowMs);
}

/** 0 when nobody waits. */
const leastOf = (waiting: readonly Waiting[]): Pico =>
  waiting.reduce<Pico | undefined>(
    (least, { amount }) => (least === undefined || amount < least ? amount : least),
    undefined,
  ) ?? 0n;
const sumOf = (waiting: readonly Waiting[]): Pico => waiting.reduce((sum, { amount }) => sum + amount, 0n);
