import { setTimeout as delay } from 'node:timers/promises';
import { rateEntryName } from '#contracts/rate-share.js';
import { Refusal } from '#protocols/error-body.js';
import type { Caller } from '../authenticate/key-directory.js';
import type { LevelRules } from '../policy/level-rules.js';
import type { RateStandings } from './rate-headers.js';
import { type RateKind, ScopeRates } from './scope-rates.js';
import type { SharedRates } from './shared-rates.js';
import { MINUTE_MS, takeShare } from './take-share.js';

const TICK_MS = 1_000;
/** Others may be quicker to use what was taken for a request, and a minute may end: it is refused after so many shares. */
const MAX_SHARES = 2;
/** After a share that was too small, the limit is taken for used up for so long. */
const REFUSED_PAUSE_MS = 250;

/** What a request takes of the limits while it is under way. */
export interface HeldRates {
  /** An attempt goes upstream. As long as nobody knows what it used, that is what was estimated. */
  sent(): void;
  /** What an attempt used, when it is known. */
  used(tokens: number): void;
  /** The slots are free, and what no attempt used is there for others. */
  end(): void;
}

interface Scope {
  readonly name: string;
  readonly title: string;
  rates: ScopeRates;
  /** The share that is being taken, for all who wait. */
  taking: Promise<void> | undefined;
  waiting: { requests: number; tokens: number };
  refused: { readonly kind: RateKind; readonly untilMs: number } | undefined;
}

const AWAY = new Refusal('unavailable', 'The limits of this key cannot be counted now: try again in a moment.');

/**
 * Counts requests and tokens per minute and requests under way, for every level of policy that limits them. A relay takes
 * shares of a limit in advance, so that a request asks nobody, and all relays together never let more through than it.
 */
export class RateKeeper {
  readonly #scopes = new Map<string, Scope>();
  readonly #timer = setInterval(() => this.#tick(), TICK_MS).unref();

  constructor(
    private readonly relayId: string,
    private readonly shared: SharedRates,
    private readonly complain: (sentence: string, error: unknown) => void,
  ) {}

  /** Gives the slots back, as far as that is done within `maxMs`. The rest come back by themselves. */
  async stop(maxMs: number): Promise<void> {
    clearInterval(this.#timer);
    this.#tick();
    const givingBack = [...this.#scopes.values()].flatMap(({ taking }) => taking ?? []);
    await Promise.race([Promise.allSettled(givingBack), delay(maxMs, undefined, { ref: false })]);
  }

  /** @param estimate of the request's tokens, from above. @returns undefined when nothing limits this caller. */
  admit(caller: Caller, estimate: () => number): Promise<HeldRates | Refusal> | undefined {
    const limited = limitedOf(caller);
    return limited.length === 0 ? undefined : this.#admit(caller, limited, estimate());
  }

  async #admit(caller: Caller, limited: readonly LevelRules[], tokens: number): Promise<HeldRates | Refusal> {
    const takenAtMs = this.shared.nowMs();
    const taken: Scope[] = [];
    for (const rules of limited) {
      const scope = this.#scopeOf(caller.orgId, rules);
      const refusal = await this.#take(scope, tokens);
      if (refusal !== undefined) {
        for (const { rates } of taken) rates.putBack(tokens, takenAtMs);
        return refusal;
      }
      taken.push(scope);
    }
    let used = 0;
    return {
      sent: () => void (used += tokens),
      used: (known) => void (used += known - tokens),
      end: () => {
        for (const { rates } of taken.splice(0)) rates.end(tokens - used, takenAtMs);
      },
    };
  }

  /** What is left for a caller, of the level that has the least. */
  standings(caller: Caller): RateStandings {
    const standings: RateStandings = {};
    for (const rules of limitedOf(caller)) {
      const { rates } = this.#scopeOf(caller.orgId, rules);
      for (const kind of ['requests', 'tokens'] as const) {
        const standing = rates.standing(kind);
        if (standing !== undefined && standing.remaining < (standings[kind]?.remaining ?? Infinity)) {
          standings[kind] = standing;
        }
      }
    }
    return standings;
  }

  #scopeOf(orgId: string, { level, id, limits }: LevelRules): Scope {
    const name = rateEntryName(orgId, level, id);
    let scope = this.#scopes.get(name);
    if (scope === undefined) {
      const waiting = { requests: 0, tokens: 0 };
      scope = {
        name,
        title: `${level} "${id}"`,
        rates: new ScopeRates(limits),
        taking: undefined,
        waiting,
        refused: undefined,
      };
      this.#scopes.set(name, scope);
    }
    scope.rates.limits = limits;
    return scope;
  }

  async #take(scope: Scope, tokens: number): Promise<Refusal | undefined> {
    const { tokensPerMinute } = scope.rates.limits;
    // No share would do, and the largest is all that the other relays could have of the minute.
    if (tokensPerMinute !== undefined && tokens > tokensPerMinute) return neverFits(scope, tokens, this.shared.nowMs());
    if (scope.rates.take(tokens, this.shared.nowMs()) === undefined) return undefined;
    scope.waiting.requests += 1;
    scope.waiting.tokens += tokens;
    try {
      return await this.#takeShared(scope, tokens);
    } catch (error) {
      this.complain(`The rates of ${scope.title} cannot be shared: its requests are refused.`, error);
      return AWAY;
    } finally {
      scope.waiting.requests -= 1;
      scope.waiting.tokens -= tokens;
    }
  }

  /** One share at a time, for all who wait. What is too little for one after a share of its own is used up. */
  async #takeShared(scope: Scope, tokens: number): Promise<Refusal | undefined> {
    for (let own = 0; ;) {
      const nowMs = this.shared.nowMs();
      const missing = scope.rates.take(tokens, nowMs);
      if (missing === undefined) return undefined;
      if (own === MAX_SHARES) scope.refused = { kind: missing, untilMs: nowMs + REFUSED_PAUSE_MS };
      if (scope.refused?.kind === missing && nowMs < scope.refused.untilMs) return tooMuch(scope, missing, nowMs);
      if (scope.taking === undefined) {
        own += 1;
        scope.taking = this.#takeShare(scope).finally(() => (scope.taking = undefined));
      }
      await scope.taking;
    }
  }

  async #takeShare(scope: Scope): Promise<void> {
    const { relayId } = this;
    const { waiting } = scope;
    const taken = await this.shared.change(scope.name, (before) => {
      const nowMs = this.shared.nowMs();
      return takeShare(before, { relayId, nowMs, least: scope.rates.need(waiting, nowMs) }, scope.rates.limits);
    });
    scope.rates.taken(taken, this.shared.nowMs());
  }

  /** Slots that are not used go back, and those that are used are kept. */
  #tick(): void {
    for (const scope of this.#scopes.values()) {
      if (scope.taking !== undefined || !scope.rates.isSlotsWorkDue(this.shared.nowMs())) continue;
      scope.taking = this.#takeShare(scope).finally(() => (scope.taking = undefined));
      scope.taking.catch((error: unknown) => this.complain(`The slots of ${scope.title} are not kept.`, error));
    }
  }
}

const limitedOf = ({ policies }: Caller) => policies.filter(({ limits }) => Object.keys(limits).length > 0);

/** The limit may change, but the next minute alone does not help. */
function neverFits({ title, rates: { limits } }: Scope, tokens: number, nowMs: number): Refusal {
  const may = `The ${title} may have ${limits.tokensPerMinute} tokens per minute`;
  return new Refusal(
    'tokens_limited',
    `${may}, and this request alone may take ${tokens}: limit its output or shorten it.`,
    undefined,
    secondsLeft(nowMs),
  );
}

function tooMuch({ title, rates: { limits } }: Scope, kind: RateKind, nowMs: number): Refusal {
  const tell = (what: string, retryAfterSeconds: number) =>
    new Refusal(
      kind === 'tokens' ? 'tokens_limited' : 'rate_limited',
      `The ${title} may have ${what}: try again in ${retryAfterSeconds} s.`,
      undefined,
      retryAfterSeconds,
    );
  switch (kind) {
    case 'requests':
      return tell(`${limits.requestsPerMinute} requests per minute`, secondsLeft(nowMs));
    case 'tokens':
      return tell(`${limits.tokensPerMinute} tokens per minute`, secondsLeft(nowMs));
    case 'slots':
      return tell(`${limits.concurrency} requests under way`, 1);
  }
}

/** Of the minute. */
const secondsLeft = (nowMs: number): number => Math.ceil((MINUTE_MS - (nowMs % MINUTE_MS)) / 1000);
