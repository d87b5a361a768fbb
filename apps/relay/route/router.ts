import type { ExperimentArm } from '#contracts/usage-event.js';
import type { CompiledPriceBook } from '#rating/compile-price-book.js';
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
  readonly operation: Pick<Operation, 'api' | 'converts'>;
  /** As its policies have it: no alias. */
  readonly model: string;
  /** The only regions that its policies leave. Absent: any. */
  readonly regions?: ReadonlySet<string> | undefined;
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
  readonly score?: number;
  readonly leftOut?: 'region' | 'channels' | 'isolated';
}

export interface Plan {
  readonly strategy: Strategy;
  /** Which rule of the route was followed, from 0. */
  readonly rule?: number;
  readonly experiment?: ExperimentArm;
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

const DEFAULT_DEADLINE_MS = 600_000;
const BYTES_PER_TOKEN = 4;

interface Choice extends Pick<Plan, 'rule' | 'experiment'> {
  readonly strategy: Strategy;
  readonly models: readonly string[];
  readonly channels?: ReadonlySet<string>;
  readonly regions: readonly string[];
  readonly sticky: boolean;
}

/** Decides which channels are tried for a request, and in which order. It asks nobody and changes nothing. */
export class Router {
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(
    routes: Routes,
    private readonly ports: RouterPorts,
  ) {
    this.#routes = new Map(Object.entries(routes));
  }

  plan(call: RoutedCall, nowMs: number): Plan {
    const route = this.#routes.get(call.model) ?? this.#routes.get('*') ?? {};
    const choice = this.#choose(route, call);
    const considered = choice.models
      .filter((model) => model === call.model || call.permits(model))
      .flatMap((model) => this.#rank(this.#consider(model, call, { choice, nowMs }), call, { choice, nowMs }));
    const fit = considered.filter(({ leftOut }) => leftOut === undefined);
    // Where all are isolated, trying one may help and refusing cannot.
    const tried = fit.length > 0 ? fit : considered.filter(({ leftOut }) => leftOut === 'isolated');
    return {
      strategy: choice.strategy,
      ...(choice.rule !== undefined && { rule: choice.rule }),
      ...(choice.experiment !== undefined && { experiment: choice.experiment }),
      candidates: tried.map(({ candidate }) => candidate),
      considered,
      rounds: route.rounds ?? 1,
      deadlineAtMs: nowMs + Math.min(route.deadlineMs ?? DEFAULT_DEADLINE_MS, call.patienceMs ?? Infinity),
    };
  }

  /** The route, varied by the rule that holds, varied by the arm of its experiment. */
  #choose(route: Route, call: RoutedCall): Choice {
    const at = (route.rules ?? []).findIndex(({ when }) => matches(when, call));
    const arm = route.experiment && chooseArm(route.experiment, call.keyId, this.ports.random);
    const varied: Variation = { ...route, ...(at >= 0 && route.rules![at]), ...arm };
    return {
      strategy: varied.strategy ?? 'priority',
      models: varied.models ?? [call.model],
      ...(varied.channels !== undefined && { channels: new Set(varied.channels) }),
      regions: varied.regions ?? [],
      sticky: route.sticky ?? true,
      ...(at >= 0 && { rule: at }),
      ...(arm !== undefined && { experiment: { name: route.experiment!.name, arm: arm.name } }),
    };
  }

  #consider(model: string, call: RoutedCall, { choice, nowMs }: Deciding): Considered[] {
    return this.ports.candidates(call.operation, model).map((candidate) => {
      const { channel } = candidate;
      const vitals = this.ports.vitals.of(channel.id, candidate.upstreamModel);
      const breaker = vitals.breaker.state(nowMs);
      const planned = { ...candidate, model, vitals };
      const leftOut = whyLeftOut(planned, { call, choice, nowMs });
      return { candidate: planned, breaker, ...(leftOut !== undefined && { leftOut }) };
    });
  }

  /** The best first, those that are isolated among them; at the end those that are out of the question. */
  #rank(considered: readonly Considered[], call: RoutedCall, { choice, nowMs }: Deciding): Considered[] {
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
    const draw = this.#drawFor(call, choice);
    // Among equals those that speak the client's protocol: a conversion may lose something.
    const isConverted = ({ candidate }: Considered) => Number(candidate.api !== call.operation.api);
    const ranked = possible
      .map((one, at) => ({ one: { ...one, score: scored[at]! }, drawn: draw(one.candidate) }))
      .sort((a, b) => compare(a.one.score, b.one.score) || isConverted(a.one) - isConverted(b.one) || a.drawn - b.drawn)
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

interface Deciding {
  readonly choice: Choice;
  readonly nowMs: number;
}

function whyLeftOut(
  { channel, vitals }: PlannedCandidate,
  { call, choice, nowMs }: Deciding & { call: RoutedCall },
): Considered['leftOut'] {
  if (call.regions !== undefined && !(channel.region !== undefined && call.regions.has(channel.region)))
    return 'region';
  if (choice.channels?.has(channel.id) === false) return 'channels';
  return vitals.breaker.permits(nowMs) ? undefined : 'isolated';
}

/** Not a difference, which of two infinities is no number. */
function compare(a: number, b: number): number {
  return a < b ? -1 : Number(a > b);
}
