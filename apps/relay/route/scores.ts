import { type CompiledPriceBook, findRate, findTariff } from '#rating/compile-price-book.js';
import type { Candidate } from '../channels/channel-table.js';
import type { Latency } from './latency.js';
import type { Strategy } from './routes-file.js';
import type { AnswerKind, ModelVitals } from './vitals.js';

/** A candidate with the client's name of the model, or of the one that answers instead, and how its channel does with it. */
export interface PlannedCandidate extends Candidate {
  readonly model: string;
  readonly vitals: ModelVitals;
}

/** All that a score may depend on besides the candidates. */
export interface Race {
  readonly kind: AnswerKind;
  readonly nowMs: number;
  readonly prices: CompiledPriceBook | undefined;
  readonly inputTokens: number;
  readonly regions: readonly string[];
}

/** One number per candidate, lower is better. Infinity is for what cannot be told: such a one comes last. */
type Scores = (runners: readonly PlannedCandidate[], race: Race) => readonly number[];

/** Nobody knows the length of an answer beforehand. It weighs the price of output against that of input. */
const USUAL_OUTPUT_TOKENS = 500;

export const scores: Readonly<Record<Strategy, Scores>> = {
  priority: (runners) => runners.map(({ channel }) => -channel.priority),
  weighted: (runners) => runners.map(() => 0),
  cost: costs,
  latency: (runners, race) => runners.map((runner) => explored(runner, runner.vitals.total[race.kind], race)),
  'first-byte': (runners, race) => runners.map((runner) => explored(runner, runner.vitals.firstByte[race.kind], race)),
  'least-busy': (runners) => runners.map(load),
  balanced,
  region: (runners, { regions }) => runners.map(({ channel }) => nearness(regions, channel.region)),
};

function costs(runners: readonly PlannedCandidate[], { prices, inputTokens }: Race): number[] {
  const priced = runners.map(({ channel, model, upstreamModel }) => {
    // A provider's price is under its own name of the model; where that is a deployment's, under the model's.
    const tariffOf = (name: string) => prices && findTariff(prices, channel.provider, name);
    const tariff = tariffOf(upstreamModel) ?? tariffOf(model);
    const unitPrices = tariff && findRate(tariff, 'standard', inputTokens)?.unitPrices;
    const input = unitPrices?.get('in.fresh.text');
    if (tariff === undefined || unitPrices === undefined || input === undefined) return undefined;
    // What generates nothing, as an embedding, has no price for output.
    const output = unitPrices.get('out.text') ?? 0n;
    return { currency: tariff.currency, cost: inputTokens * Number(input) + USUAL_OUTPUT_TOKENS * Number(output) };
  });
  // Amounts of two currencies cannot be compared: those of the first one count.
  const currency = priced.find((one) => one !== undefined)?.currency;
  return priced.map((one) => (one !== undefined && one.currency === currency ? one.cost : Infinity));
}

/** Where nothing was measured of late, one request at a time finds out. */
function explored({ vitals }: PlannedCandidate, latency: Latency, { nowMs }: Race): number {
  return latency.averageMs(nowMs) ?? (vitals.inFlight === 0 ? 0 : Infinity);
}

function load({ channel, vitals }: PlannedCandidate): number {
  return vitals.inFlight / channel.weight;
}

/** How many times worse than the best it is in cost, in latency and in load, multiplied. What is not known weighs nothing. */
function balanced(runners: readonly PlannedCandidate[], race: Race): number[] {
  const latencies = runners.map(({ vitals }) => vitals.total[race.kind].averageMs(race.nowMs) ?? Infinity);
  const loads = runners.map((runner) => 1 + load(runner));
  const parts = [costs(runners, race), latencies, loads].map(ratios);
  return runners.map((_, at) => parts.reduce((product, part) => product * part[at]!, 1));
}

function ratios(values: readonly number[]): number[] {
  const best = Math.min(...values);
  return values.map((value) => (value === Infinity || best === 0 ? 1 : value / best));
}

function nearness(regions: readonly string[], region: string | undefined): number {
  const at = region === undefined ? -1 : regions.indexOf(region);
  return at === -1 ? regions.length : at;
}
