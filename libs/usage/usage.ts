/**
 * The canonical usage record. Quantities are disjoint: each token is counted under exactly one name, so
 * Σ in + Σ out is the provider's total. A count that the provider did not give is absent, never 0.
 */
export interface Usage {
  readonly provider: string;
  readonly api: string;
  readonly requestedModel?: string;
  readonly servedModel?: string;
  /** One per model that worked on the answer; empty when the provider told nothing. */
  readonly segments: readonly UsageSegment[];
  /** What is billed by the piece rather than by token. */
  readonly units?: Readonly<Partial<Record<UsageUnit, number>>>;
  readonly modifiers?: UsageModifiers;
  readonly completeness: Completeness;
  /** Which sides an estimate filled or raised; the others are as the provider told them. */
  readonly estimated?: readonly ('in' | 'out')[];
  readonly anomalies: readonly UsageAnomaly[];
  /** The charge that the provider itself stated, as a decimal string of main units. */
  readonly providerCost?: { readonly amount: string; readonly currency: string };
  /** The provider's own usage object, as compact JSON, with its SHA-256 in hex. It holds counts, never content. */
  readonly raw?: { readonly json: string; readonly sha256: string };
}

export interface UsageSegment {
  readonly model?: string;
  readonly kind: 'main' | 'advisor' | 'compaction';
  readonly in: InputQuantities;
  readonly out: Readonly<Partial<Record<OutputKind, number>>>;
}

/** Tokens. `fresh` was read at the full rate, `cacheRead` from the provider's prompt cache, `cacheWrite` into it. */
export interface InputQuantities {
  readonly fresh?: Readonly<Partial<Record<Modality, number>>>;
  readonly cacheRead?: Readonly<Partial<Record<Modality, number>>>;
  readonly cacheWrite?: Readonly<Partial<Record<'ttl5m' | 'ttl1h' | 'other', number>>>;
  readonly toolPrompt?: number;
}

export type Modality = 'text' | 'audio' | 'image' | 'video';
export type OutputKind = 'text' | 'reasoning' | 'audio' | 'image' | 'citation';

export type UsageUnit =
  | 'requests'
  | 'webSearch'
  | 'fileSearch'
  | 'codeExec'
  | 'images'
  | 'audioMs'
  | 'pages'
  | 'characters'
  | 'rerankSearches';

export interface UsageModifiers {
  /** The service tier that served the request, which is not always the one asked for. */
  readonly tierServed?: string;
  readonly batch?: boolean;
  readonly geo?: string;
  readonly speed?: string;
  readonly traffic?: string;
  readonly searchContextSize?: string;
  readonly byok?: boolean;
}

/**
 * `partial`: the stream broke off after some counts; `missing`: the provider told nothing at all; `estimated`: one of
 * them, counted from what passed.
 */
export type Completeness = 'final' | 'partial' | 'estimated' | 'missing';

export interface UsageAnomaly {
  readonly code: string;
  readonly detail: string;
}

/** A quantity under its flat name, such as `in.cacheRead.text`, `out.reasoning` or `units.webSearch`. */
export interface Quantity {
  readonly dimension: string;
  readonly quantity: number;
}

/** Every count of a segment under its flat name. Explicit zeros are kept; absent counts stay absent. */
export function segmentQuantities(segment: UsageSegment): Quantity[] {
  const quantities: Quantity[] = [];
  const add = (dimension: string, quantity: number | undefined) => {
    if (quantity !== undefined) quantities.push({ dimension, quantity });
  };
  for (const group of ['fresh', 'cacheRead', 'cacheWrite'] as const) {
    for (const [kind, quantity] of Object.entries(segment.in[group] ?? {})) add(`in.${group}.${kind}`, quantity);
  }
  add('in.toolPrompt', segment.in.toolPrompt);
  for (const [kind, quantity] of Object.entries(segment.out)) add(`out.${kind}`, quantity);
  return quantities;
}

/** Every count billed by the piece under its flat name, such as `units.webSearch`. */
export function unitQuantities(usage: Pick<Usage, 'units'>): Quantity[] {
  return Object.entries(usage.units ?? {}).map(([unit, quantity]) => ({ dimension: `units.${unit}`, quantity }));
}

/** Σ in of a segment, cache reads and writes included: what selects the long-context price. Unit: tokens. */
export function inputTokens(segment: UsageSegment): number {
  return sumOf(segment, 'in.');
}

/** Σ out of a segment. Unit: tokens. */
export function outputTokens(segment: UsageSegment): number {
  return sumOf(segment, 'out.');
}

/** The model that the provider says it served, else the one asked for: what spend is grouped by. */
export function billedModel(usage: Usage): string {
  return usage.servedModel ?? usage.requestedModel ?? 'unknown';
}

function sumOf(segment: UsageSegment, prefix: string): number {
  return segmentQuantities(segment)
    .filter(({ dimension }) => dimension.startsWith(prefix))
    .reduce((sum, { quantity }) => sum + quantity, 0);
}
