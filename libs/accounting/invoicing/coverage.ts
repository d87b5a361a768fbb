/** A date in UTC, such as `2026-07-01`: in this form the order of texts is that of days. */
export type Day = string;

/** Half-open: the day `to` is not in it. */
export interface Period {
  readonly from: Day;
  readonly to: Day;
}

/**
 * What an invoice took: the transactions of these days that stand in the blocks after `after` up to and with `through`.
 * A block's height is given when its database transaction commits, in that order, so what is booked later is higher.
 */
export interface Coverage extends Period {
  readonly after: number;
  readonly through: number;
}

/** An invoice that stands: it is final and was not voided. */
export interface StandingInvoice {
  readonly id: string;
  readonly period: Period;
  readonly coverage: readonly Coverage[];
}

export interface PlannedCoverage extends Coverage {
  /** Of days that an earlier invoice was for: it was booked after that one was made. */
  readonly late: boolean;
}

const beforeTheFirstBlock = -1;

/** The one that is for some of the same days already, if there is one. */
export function overlappedBy(period: Period, standing: readonly StandingInvoice[]): StandingInvoice | undefined {
  return standing.find((invoice) => invoice.period.from < period.to && period.from < invoice.period.to);
}

/**
 * What a new invoice takes: of its own days, and of all days that standing invoices are for, whatever none of those took.
 * So no transaction is on two invoices, and none of an invoiced day is left behind for good.
 * @param through the newest block.
 */
export function planCoverage(
  period: Period,
  standing: readonly StandingInvoice[],
  through: number,
): readonly PlannedCoverage[] {
  const taken = standing.flatMap(({ coverage }) => coverage);
  const periods = standing.map((invoice) => invoice.period);
  const planned: PlannedCoverage[] = [];
  for (const days of stretches([period, ...periods, ...taken])) {
    const own = contains(period, days);
    if (!own && !periods.some((invoiced) => contains(invoiced, days))) continue;
    const free = freeBlocks(
      taken.filter((coverage) => contains(coverage, days)),
      through,
    );
    for (const blocks of free) append(planned, { ...days, ...blocks, late: !own });
  }
  return planned;
}

/** The days cut at every end of these, so that each stretch is wholly in or wholly out of each. */
function stretches(periods: readonly Period[]): Period[] {
  const ends = [...new Set(periods.flatMap(({ from, to }) => [from, to]))].sort();
  return ends.slice(1).map((to, index) => ({ from: ends[index] ?? to, to }));
}

const contains = (outer: Period, inner: Period) => outer.from <= inner.from && inner.to <= outer.to;

function freeBlocks(taken: readonly Coverage[], through: number): Pick<Coverage, 'after' | 'through'>[] {
  const free: Pick<Coverage, 'after' | 'through'>[] = [];
  let reached = beforeTheFirstBlock;
  for (const next of taken.toSorted((a, b) => a.after - b.after)) {
    if (next.after > reached) free.push({ after: reached, through: next.after });
    reached = Math.max(reached, next.through);
  }
  if (through > reached) free.push({ after: reached, through });
  return free;
}

/** Days that follow each other and take the same blocks are one. */
function append(planned: PlannedCoverage[], next: PlannedCoverage): void {
  const index = planned.findIndex(
    (one) => one.to === next.from && one.after === next.after && one.through === next.through && one.late === next.late,
  );
  const before = planned[index];
  if (before === undefined) planned.push(next);
  else planned[index] = { ...before, to: next.to };
}
