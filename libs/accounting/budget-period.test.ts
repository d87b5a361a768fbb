import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type BudgetPeriodKind, budgetPeriods, isTimeZone, isWithin, periodAt } from './budget-period.js';

const at = (text: string) => Date.parse(text);
const shown = (period: BudgetPeriodKind, timeZone: string, instant: string) => {
  const { startMs, endMs } = periodAt({ period, timeZone }, at(instant));
  return [new Date(startMs).toISOString(), new Date(endMs).toISOString()];
};

describe('a budget period', () => {
  it.each<[string, BudgetPeriodKind, string, string, string, string]>([
    ['a day', 'day', 'UTC', '2026-07-24T10:15:00Z', '2026-07-24T00:00:00.000Z', '2026-07-25T00:00:00.000Z'],
    [
      'a day of 23 h',
      'day',
      'Europe/Berlin',
      '2026-03-29T12:00:00Z',
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ],
    [
      'a day of 25 h',
      'day',
      'America/New_York',
      '2026-11-01T05:30:00Z',
      '2026-11-01T04:00:00.000Z',
      '2026-11-02T05:00:00.000Z',
    ],
    [
      'a day of 23.5 h',
      'day',
      'Australia/Lord_Howe',
      '2026-10-03T20:00:00Z',
      '2026-10-03T13:30:00.000Z',
      '2026-10-04T13:00:00.000Z',
    ],
    [
      'a day whose midnight is skipped',
      'day',
      'Africa/Cairo',
      '2026-04-24T09:00:00Z',
      '2026-04-23T22:00:00.000Z',
      '2026-04-24T21:00:00.000Z',
    ],
    [
      'a day that begins twice',
      'day',
      'America/St_Johns',
      '2008-11-02T02:45:00Z',
      '2008-11-02T02:30:00.000Z',
      '2008-11-03T03:30:00.000Z',
    ],
    [
      'the day after one that was left out',
      'day',
      'Pacific/Apia',
      '2011-12-30T10:00:00Z',
      '2011-12-30T10:00:00.000Z',
      '2011-12-31T10:00:00.000Z',
    ],
    [
      'a week from Monday',
      'week',
      'UTC',
      '2026-07-26T23:59:59.999Z',
      '2026-07-20T00:00:00.000Z',
      '2026-07-27T00:00:00.000Z',
    ],
    [
      'a leap February',
      'month',
      'Asia/Tokyo',
      '2028-02-29T14:59:59.999Z',
      '2028-01-31T15:00:00.000Z',
      '2028-02-29T15:00:00.000Z',
    ],
    [
      'a month over the end of summer time',
      'month',
      'Europe/Berlin',
      '2026-10-31T22:59:59Z',
      '2026-09-30T22:00:00.000Z',
      '2026-10-31T23:00:00.000Z',
    ],
    [
      'a quarter',
      'quarter',
      'America/Los_Angeles',
      '2026-04-01T06:59:59Z',
      '2026-01-01T08:00:00.000Z',
      '2026-04-01T07:00:00.000Z',
    ],
    [
      'a year',
      'year',
      'Asia/Kathmandu',
      '2026-12-31T18:14:59Z',
      '2025-12-31T18:15:00.000Z',
      '2026-12-31T18:15:00.000Z',
    ],
  ])('is %s', (_, period, timeZone, ...[instant, start, end]) => {
    expect(shown(period, timeZone, instant)).toEqual([start, end]);
  });

  it('without an end holds everything', () => {
    const total = periodAt({ period: 'total', timeZone: 'UTC' }, 0);
    expect([at('1970-01-01T00:00:00Z'), at('2099-12-31T23:59:59Z')].map((ms) => isWithin(total, ms))).toEqual([
      true,
      true,
    ]);
  });

  it('has a boundary event in the period that it starts, and in no other: fault 25', () => {
    const month = { period: 'month', timeZone: 'Europe/Berlin' } as const;
    const boundary = at('2026-07-31T22:00:00.000Z');
    const [july, august] = [periodAt(month, boundary - 1), periodAt(month, boundary)];
    expect([isWithin(july, boundary), isWithin(august, boundary)]).toEqual([false, true]);
    expect(july.endMs).toBe(august.startMs);
  });

  const zones = Intl.supportedValuesOf('timeZone');
  const anyInstant = fc.integer({ min: at('1972-02-01T00:00:00Z'), max: at('2099-01-01T00:00:00Z') });
  const anyCalendar = fc.record({ period: fc.constantFrom(...budgetPeriods), timeZone: fc.constantFrom(...zones) });

  it('is one of a row without gaps or overlaps, in every zone and at every time', () => {
    fc.assert(
      fc.property(anyCalendar, anyInstant, (calendar, instant) => {
        const period = periodAt(calendar, instant);
        expect(isWithin(period, instant)).toBe(true);
        if (calendar.period === 'total') return;
        expect(periodAt(calendar, period.startMs)).toEqual(period);
        expect(periodAt(calendar, period.endMs - 1)).toEqual(period);
        expect(periodAt(calendar, period.endMs).startMs).toBe(period.endMs);
        expect(periodAt(calendar, period.startMs - 1).endMs).toBe(period.startMs);
      }),
      { numRuns: 1500 },
    );
  });

  it("changes exactly when the zone's own calendar first shows a new date, by Intl", () => {
    // Around every change of a clock that Intl knows of in some years, where errors would be.
    const changes = zones.flatMap((timeZone) => [2007, 2011, 2026].flatMap((year) => clockChanges(timeZone, year)));
    fc.assert(
      fc.property(fc.constantFrom(...changes), fc.integer({ min: -90, max: 90 }), ({ timeZone, atMs }, minutes) => {
        const [one, other] = [atMs + minutes * 60_000, atMs - minutes * 30_000];
        const same =
          periodAt({ period: 'day', timeZone }, one).startMs === periodAt({ period: 'day', timeZone }, other).startMs;
        expect([timeZone, one, other, same]).toEqual([
          timeZone,
          one,
          other,
          dateBy(timeZone, one) === dateBy(timeZone, other),
        ]);
      }),
      { numRuns: 400 },
    );
  });
});

it('knows the zones of IANA, and neither offsets nor anything else', () => {
  expect(['Europe/Berlin', 'UTC', 'Asia/Kolkata', 'Etc/GMT+5'].map(isTimeZone)).toEqual([true, true, true, true]);
  expect(['+02:00', 'Europe/Atlantis', '', 'Berlin'].map(isTimeZone)).toEqual([false, false, false, false]);
});

/** The latest date that the zone's calendars have shown until then: clocks that are put back do not undo a day. */
function dateBy(timeZone: string, atMs: number): string {
  const calendar = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return Array.from({ length: 260 }, (_, index) => calendar.format(atMs - index * 30_000))
    .toSorted()
    .at(-1) as string;
}

function clockChanges(timeZone: string, year: number): { timeZone: string; atMs: number }[] {
  const clock = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (ms: number) => clock.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value;
  const weekMs = 7 * 86_400_000;
  const weeks = Array.from({ length: 53 }, (_, week) => Date.UTC(year, 0, 1) + week * weekMs);
  return weeks
    .filter((ms) => offsetAt(ms) !== offsetAt(ms + weekMs))
    .map((ms) => {
      let [low, high] = [ms, ms + weekMs];
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offsetAt(middle) === offsetAt(ms)) low = middle;
        else high = middle;
      }
      return { timeZone, atMs: high };
    });
}
