import type { ExperimentArm } from '#contracts/usage-event.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
import { mayUse } from '../channels/channel.js';
import type { Candidate } from '../channels/channel-table.js';
import type { Operation } from '../operations/operations.js';
import { affinityOf, affinityTo, CACHEABLE_BYTES } from './affinity.js';
import type { BreakerState } from './breaker.js';
import { chooseArm } from './experiment-arm.js';
import type { Route, Routes, Strategy, Variation } from './routes-file.js';
import { type PlannedCandidate, type Race, scores } from './scores.js';
import { matches, type Task } from './task.js';
import type { Vitals } from './vitals.js';

/** A request that is to be routed. */
export interface RoutedCall extends Task {
  readonly keyId: string;
  readonly orgId: string;
  readonly operation: Pick<Operation, 'api' | 'converts'>;
  /** As its policies have it: no alias. */
  readonly model: string;
  /** The only regions that its policies leave. Absent: any. */
  readonly regions?: ReadonlySet<string> | undefined;
  /** The member by which it names what is stored at an upstream. Absent where none does. */
  readonly stored?: string | undefined;
  /** For how long its client waits, where it says so. */
  readonly patienceMs?: number | undefined;
  /** For the models that may answer instead. */
  readonly permits: (model: string) => boolean;
}

/** A candidate as the router saw it: what the dry run tells. */
export interface Considered {
  readonly candidate: PlannedCandidate;
  readonly breaker: BreakerState;
  /** Lower is better; absent of one that is left out. */
  readonly score?: number | undefined;
  readonly leftOut?: 'region' | 'channels' | 'shared' | 'isolated' | undefined;
}

export interface Plan {
  readonly strategy: Strategy;
  /** Which rule of the route was followed, from 0. */
  readonly rule?: number | undefined;
  readonly experiment?: ExperimentArm | undefined;
  /** In the order in which they are tried. */
  readonly candidates: readonly PlannedCandidate[];
  readonly considered: readonly Considered[];
  readonly rounds: number;
  /** No attempt begins later. */
  readonly deadlineAtMs: number;
}

export interface RouterPorts {
  readonly candidates: (operation: RoutedCall['operation'], model: string) => readonly Candidate[];
  readonly prices: () => CompiledPriceBook | undefined;
  readonly vitals: Vitals;
  /** Of [0, 1). */
  readonly random: () => number;
}

export const DEFAULT_DEADLINE_MS = 600_000;
const BYTES_PER_TOKEN = 4;

interface Choice extends Pick<Plan, 'rule' | 'experiment'> {
  readonly strategy: Strategy;
  readonly models: readonly string[];
  readonly channels: readonly string[] | undefined;
  readonly regions: readonly string[];
  readonly sticky: boolean;
}

/** Decides which channels are tried for a request, and in which order. It asks nobody and changes nothing. */
export class Router {
  readonly #routes: ReadonlyMap<string, Route>;
  /** What stays the same of a model's candidates from request to request. */
  readonly #planned = new WeakMap<readonly Candidate[], readonly PlannedCandidate[]>();

  constructor(
    routes: Routes,
    private readonly ports: RouterPorts,
  ) {
    this.#routes = new Map(Object.entries(routes));
  }

  plan(call: RoutedCall, nowMs: number): Plan {
    const route = this.#routes.get(call.model) ?? this.#routes.get('*') ?? NO_ROUTE;
    const choice = choose(route, call, this.ports.random);
    const deciding = { call, choice, nowMs };
    const considered: Considered[] = [];
    for (const model of choice.models) {
      if (model === call.model || call.permits(model))
        considered.push(...this.#rank(this.#consider(model, deciding), deciding));
    }
    const fit = candidatesOf(considered, undefined);
    return {
      strategy: choice.strategy,
      rule: choice.rule,
      experiment: choice.experiment,
      // Where all are isolated, trying one may help and refusing cannot.
      candidates: fit.length > 0 ? fit : candidatesOf(considered, 'isolated'),
      considered,
      rounds: route.rounds ?? 1,
      deadlineAtMs: nowMs + Math.min(route.deadlineMs ?? DEFAULT_DEADLINE_MS, call.patienceMs ?? Infinity),
    };
  }

  #consider(model: string, deciding: Deciding): Scored[] {
    const considered: Scored[] = [];
    for (const candidate of this.#candidates(model, deciding.call)) {
      if (!mayUse(candidate.channel, deciding.call.orgId)) continue;
      const breaker = candidate.vitals.breaker.state(deciding.nowMs);
      considered.push({ candidate, breaker, score: undefined, leftOut: whyLeftOut(candidate, deciding) });
    }
    return considered;
  }

  #candidates(model: string, { operation }: RoutedCall): readonly PlannedCandidate[] {
    const candidates = this.ports.candidates(operation, model);
    let planned = this.#planned.get(candidates);
    if (planned === undefined) {
      planned = candidates.map(({ channel, api, upstreamModel }) => {
        return { channel, api, upstreamModel, model, vitals: this.ports.vitals.of(channel.id, upstreamModel) };
      });
      this.#planned.set(candidates, planned);
    }
    return planned;
  }

  /** The best first, those that are isolated among them; at the end those that are out of the question. */
  #rank(considered: readonly Scored[], { call, choice, nowMs }: Deciding): readonly Considered[] {
    const race: Race = {
      kind: call.stream ? 'stream' : 'whole',
      nowMs,
      prices: this.ports.prices(),
      inputTokens: Math.ceil(call.bytes / BYTES_PER_TOKEN),
      regions: choice.regions,
    };
    const possible = considered.filter(({ leftOut }) => leftOut === undefined || leftOut === 'isolated');
    const runners = possible.map(({ candidate }) => candidate);
    const scored = scores[choice.strategy](runners, race);
    for (const [at, one] of possible.entries()) one.score = scored[at];
    if (considered.length === 1) return considered;
    const draw = this.#drawFor(call, choice);
    // Among equals those that speak the client's protocol: a conversion may lose something.
    const isConverted = ({ candidate }: Considered) => Number(candidate.api !== call.operation.api);
    const ranked = possible
      .map((one, at) => ({ one, score: scored[at]!, drawn: draw(one.candidate) }))
      .sort((a, b) => compare(a.score, b.score) || isConverted(a.one) - isConverted(b.one) || a.drawn - b.drawn)
      .map(({ one }) => one);
    return [...ranked, ...considered.filter((one) => !possible.includes(one))];
  }

  /**
   * The order among equals: each comes first as often as its weight says (Efraimidis and Spirakis 2006), and with the same
   * number of (0, 1) per conversation always the same one does.
   */
  #drawFor({ bytes, keyId, json }: RoutedCall, { sticky }: Choice): (candidate: Candidate) => number {
    const affinity = sticky && json !== undefined && bytes >= CACHEABLE_BYTES ? affinityOf(keyId, json) : undefined;
    return ({ channel }) => {
      const number = affinity === undefined ? 1 - this.ports.random() : affinityTo(affinity, channel.id);
      return -Math.log(number) / channel.weight;
    };
  }
}

interface Scored extends Considered {
  score: number | undefined;
}

interface Deciding {
  readonly call: RoutedCall;
  readonly choice: Choice;
  readonly nowMs: number;
}

const NO_ROUTE: Route = {};

/** The route, varied by the rule that holds, varied by the arm of its experiment. */
function choose(route: Route, call: RoutedCall, random: RouterPorts['random']): Choice {
  const { rules, experiment } = route;
  if (rules === undefined && experiment === undefined) return choiceOf(route, route, call);
  const rule = rules?.findIndex(({ when }) => matches(when, call)) ?? -1;
  const arm = experiment && chooseArm(experiment, call.keyId, random);
  const choice = choiceOf({ ...route, ...rules?.[rule], ...arm }, route, call);
  return {
    ...choice,
    rule: rule === -1 ? undefined : rule,
    experiment: arm && { name: experiment.name, arm: arm.name },
  };
}

function choiceOf(
  { strategy, models, channels, regions }: Variation,
  { sticky }: Route,
  { model }: RoutedCall,
): Choice {
  return {
    strategy: strategy ?? 'priority',
    models: models ?? [model],
    channels,
    regions: regions ?? [],
    sticky: sticky ?? true,
    rule: undefined,
    experiment: undefined,
  };
}

function candidatesOf(considered: readonly Considered[], leftOut: Considered['leftOut']): PlannedCandidate[] {
  return considered.filter((one) => one.leftOut === leftOut).map(({ candidate }) => candidate);
}

function whyLeftOut({ channel, vitals }: PlannedCandidate, { call, choice, nowMs }: Deciding): Considered['leftOut'] {
  if (call.regions !== undefined && !(channel.region !== undefined && call.regions.has(channel.region)))
    return 'region';
  if (call.stored !== undefined && channel.organisation === undefined) return 'shared';
  if (choice.channels?.includes(channel.id) === false) return 'channels';
  return vitals.breaker.permits(nowMs) ? undefined : 'isolated';
}

/** Not a difference, which of two infinities is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}
