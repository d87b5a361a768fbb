import type { UsageApi, UsageFormat } from '#usage/usage-api.js';

/** A provider's usage object as it was recorded. */
export type Counts = { readonly [name: string]: unknown };

/** A real answer of a real provider, which nobody here wrote. */
export interface Recording {
  readonly name: string;
  readonly provider: string;
  readonly api: UsageApi;
  readonly format: UsageFormat;
  readonly model: string | null;
  /** null where the provider told none. */
  readonly usage: Counts | null;
  readonly body: () => Buffer;
}

/**
 * What a recording must read as, computed from its recorded usage by the provider's rule and without the reader. What
 * is not given here is not compared.
 */
export interface ExpectedTotals {
  readonly in: number;
  readonly out: number;
  /** Single quantities under their flat names, such as `out.reasoning`; undefined is one that must be absent. */
  readonly quantities?: Readonly<Record<string, number | undefined>>;
}

/** What is known of one API's recordings. */
export interface Expectation {
  /** undefined where the usage object holds no count. */
  readonly totals: (usage: Counts, recording: Recording) => ExpectedTotals | undefined;
  /** Of long bodies the usage alone was kept: the answer around it. Without it the usage is the member `usage`. */
  readonly answerAround?: (usage: Counts) => object;
}

/** A recorded count that must be there. */
export function counted(counts: Counts, name: string): number {
  const value = counts[name];
  if (typeof value !== 'number') throw new Error(`The recording has no ${name}: give its rule another count.`);
  return value;
}

/** A recorded count, or 0: for sums only. */
export function countedOrZero(counts: Counts | undefined, name: string): number {
  const value = counts?.[name];
  return typeof value === 'number' ? value : 0;
}

/** An object within a usage object. */
export function within(counts: Counts, name: string): Counts | undefined {
  const value = counts[name];
  return typeof value === 'object' && value !== null ? (value as Counts) : undefined;
}
