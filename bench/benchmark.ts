import type { InstanceOptions } from '#apps/standalone/start-instance.js';

/** One measured number. Where the house has a target for it, the target says which side of it is good. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
}

/** Tells a person what is going on; never part of the result. */
export type Note = (line: string) => void;

/**
 * Measures a subject and its reference in the same run, on the same machine, and the billing error too.
 * @param size how many requests or events; each benchmark has its own default.
 * @param instance which Tollgate to measure, for those that need a whole one.
 */
export type Benchmark = (note: Note, size?: number, instance?: InstanceOptions) => Promise<Figure[]>;

/** The value below which `share` of the samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const value = samples.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(samples.length * share) - 1)];
  if (value === undefined) throw new RangeError('There is no percentile of no samples.');
  return value;
}

export function meetsTarget({ value, target }: Figure): boolean {
  if (target === undefined) return true;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
