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
export function segmentQuantities({ in: input, out }: UsageSegment): Quantity[] {
  const quantities: Quantity[] = [];
  add(quantities, 'in.fresh.', input.fresh);
  add(quantities, 'in.cacheRead.', input.cacheRead);
  add(quantities, 'in.cacheWrite.', input.cacheWrite);
  if (input.toolPrompt !== undefined) quantities.push({ dimension: 'in.toolPrompt', quantity: input.toolPrompt });
  add(quantities, 'out.', out);
  return quantities;
}

/** Every count billed by the piece under its flat name, such as `units.webSearch`. */
export function unitQuantities({ units }: Pick<Usage, 'units'>): Quantity[] {
  const quantities: Quantity[] = [];
  add(quantities, 'units.', units);
  return quantities;
}

type Counts = Readonly<Record<string, number | undefined>>;

// Loops and no entries here, for these run several times for every usage.
function add(quantities: Quantity[], prefix: string, counts: Counts | undefined): void {
  for (const kind in counts) {
    const quantity = counts[kind];
    if (quantity !== undefined) quantities.push({ dimension: prefix + kind, quantity });
  }
}

/** Whether anything was counted, be it zero. */
export function hasQuantities({
  segments,
  units,
}: {
  segments: Usage['segments'];
  units?: Usage['units'] | undefined;
}): boolean {
  return segments.some((segment) => hasInput(segment) || hasCount(segment.out)) || hasCount(units);
}

function hasInput({ in: { fresh, cacheRead, cacheWrite, toolPrompt } }: UsageSegment): boolean {
  return hasCount(fresh) || hasCount(cacheRead) || hasCount(cacheWrite) || toolPrompt !== undefined;
}

function hasCount(counts: Counts | undefined): boolean {
  for (const kind in counts) if (counts[kind] !== undefined) return true;
  return false;
}

/** Σ in of a segment, cache reads and writes included: what selects the long-context price. Unit: tokens. */
export function inputTokens({ in: { fresh, cacheRead, cacheWrite, toolPrompt = 0 } }: UsageSegment): number {
  return sumOf(fresh) + sumOf(cacheRead) + sumOf(cacheWrite) + toolPrompt;
}

/** Σ out of a segment. Unit: tokens. */
export function outputTokens({ out }: UsageSegment): number {
  return sumOf(out);
}

function sumOf(counts: Counts | undefined): number {
  let sum = 0;
  for (const kind in counts) sum += counts[kind] ?? 0;
  return sum;
}

/** The model that the provider says it served, else the one asked for: what spend is grouped by. */
export function billedModel(usage: Usage): string {
  return usage.servedModel ?? usage.requestedModel ?? 'unknown';
}
