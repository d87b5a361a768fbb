export const budgetPeriods = ['day', 'week', 'month', 'quarter', 'year', 'total'] as const;
/** A week begins on Monday (ISO 8601). `total` is one period without an end on either side. */
export type BudgetPeriodKind = (typeof budgetPeriods)[number];

/** What a budget counts together, and where its midnight is. */
export interface BudgetCalendar {
  readonly period: BudgetPeriodKind;
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string;
}

/** Half-open, in milliseconds since 1970: the end is the start of the next one and belongs to that. `total` is infinite. */
export interface BudgetPeriod {
  readonly startMs: number;
  readonly endMs: number;
}

/** A date of the civil calendar without a place: `Date.UTC` of its midnight. Only such numbers are added to or compared. */
type CivilDay = number;

const dayMs = 86_400_000;

/** The one period that holds this time. Two periods of a calendar never overlap, and leave nothing between them. */
export function periodAt({ period, timeZone }: BudgetCalendar, atMs: number): BudgetPeriod {
  if (period === 'total') return { startMs: -Infinity, endMs: Infinity };
  const first = firstDayOf(period, civilDayAt(timeZone, atMs));
  const next = firstDayAfter(period, first);
  const endMs = startOfDay(timeZone, next);
  if (atMs < endMs) return { startMs: startOfDay(timeZone, first), endMs };
  // Clocks that are put back just after midnight show the day before once more: the new period has begun all the same.
  return { startMs: endMs, endMs: startOfDay(timeZone, firstDayAfter(period, next)) };
}

export const isWithin = ({ startMs, endMs }: BudgetPeriod, atMs: number) => atMs >= startMs && atMs < endMs;

/** Whether this runtime knows the zone. Offsets such as `+02:00` are none: they know no summer time. */
export function isTimeZone(name: string): boolean {
  try {
    // Names come in any mix of capitals: only those of budgets may fill the cache below.
    return /^[A-Za-z]/.test(name) && newClock(name) instanceof Intl.DateTimeFormat;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function firstDayOf(period: Exclude<BudgetPeriodKind, 'total'>, day: CivilDay): CivilDay {
  const date = new Date(day);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (period) {
    case 'day':
      return day;
    case 'week':
      return day - ((date.getUTCDay() + 6) % 7) * dayMs;
    case 'month':
      return Date.UTC(year, month);
    case 'quarter':
      return Date.UTC(year, month - (month % 3));
    case 'year':
      return Date.UTC(year, 0);
  }
}

/** @param first the first day of a period. */
function firstDayAfter(period: Exclude<BudgetPeriodKind, 'total'>, first: CivilDay): CivilDay {
  const date = new Date(first);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (period) {
    case 'day':
      return first + dayMs;
    case 'week':
      return first + 7 * dayMs;
    case 'month':
      return Date.UTC(year, month + 1);
    case 'quarter':
      return Date.UTC(year, month + 3);
    case 'year':
      return Date.UTC(year + 1, 0);
  }
}

/**
 * When a day begins in a zone: at its first midnight; where clocks jump over midnight, at the jump. A day that a zone left
 * out begins when the next one does.
 */
function startOfDay(timeZone: string, day: CivilDay): number {
  // Local midnight is at most 15 hours from UTC's, and no zone changes its offset twice within these two days.
  const [before, after] = [offsetAt(timeZone, day - dayMs), offsetAt(timeZone, day + dayMs)];
  const [early, late] = before > after ? [day - before, day - after] : [day - after, day - before];
  if (early + offsetAt(timeZone, early) === day) return early;
  if (late + offsetAt(timeZone, late) === day) return late;
  // The jump lies after `early` and not after `late`: halve until it is found to the millisecond.
  let [low, high] = [early, late];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(timeZone, middle) === after) high = middle;
    else low = middle;
  }
  return high;
}

const civilDayAt = (timeZone: string, atMs: number): CivilDay =>
  Math.floor((atMs + offsetAt(timeZone, atMs)) / dayMs) * dayMs;

/** How far the zone's clocks are ahead of UTC at this time, in milliseconds. */
function offsetAt(timeZone: string, atMs: number): number {
  const wholeSecond = Math.floor(atMs / 1000) * 1000;
  const read: Record<string, number> = {};
  for (const { type, value } of clockOf(timeZone).formatToParts(wholeSecond)) read[type] = Number(value);
  const { year = NaN, month = NaN, day, hour, minute, second } = read;
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecond;
}

/** Making a clock takes thirty times as long as reading one. There are some 600 zones. */
const clocks = new Map<string, Intl.DateTimeFormat>();

function clockOf(timeZone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timeZone);
  if (clock === undefined) clocks.set(timeZone, (clock = newClock(timeZone)));
  return clock;
}

/** @throws RangeError for a zone that this runtime does not know. */
function newClock(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23' },
    ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
  });
}
