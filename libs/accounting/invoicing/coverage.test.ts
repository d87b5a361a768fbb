import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { overlappedBy, planCoverage, type StandingInvoice } from './coverage.js';

const july = { from: '2026-07-01', to: '2026-08-01' };
const august = { from: '2026-08-01', to: '2026-09-01' };
const september = { from: '2026-09-01', to: '2026-10-01' };

const issue = (
  standing: readonly StandingInvoice[],
  id: string,
  period: StandingInvoice['period'],
  through: number,
): StandingInvoice[] => [...standing, { id, period, coverage: planCoverage(period, standing, through) }];

it('takes the days of its own, and of invoiced days what was booked after their invoice', () => {
  const first = issue([], 'july', july, 10);
  expect(first[0]?.coverage).toEqual([{ ...july, after: -1, through: 10, late: false }]);
  const second = issue(first, 'august', august, 20);
  expect(second[1]?.coverage).toEqual([
    { ...july, after: 10, through: 20, late: true },
    { ...august, after: -1, through: 20, late: false },
  ]);
  expect(planCoverage(september, second, 30)).toEqual([
    { from: july.from, to: august.to, after: 20, through: 30, late: true },
    { ...september, after: -1, through: 30, late: false },
  ]);
});

it('takes again what a voided invoice had, and not what others took of its days', () => {
  const all = issue(issue([], 'july', july, 10), 'august', august, 20);
  const standing = all.filter(({ id }) => id !== 'july');
  // No invoice stands for July now: what is late of it waits for the next one that is.
  expect(planCoverage(september, standing, 30)).toEqual([
    { ...august, after: 20, through: 30, late: true },
    { ...september, after: -1, through: 30, late: false },
  ]);
  expect(planCoverage(july, standing, 30)).toEqual([
    { ...july, after: -1, through: 10, late: false },
    { ...july, after: 20, through: 30, late: false },
    { ...august, after: 20, through: 30, late: true },
  ]);
});

it('tells which invoice is for some of the same days: an end is not one of them', () => {
  const standing = issue([], 'july', july, 10);
  expect(overlappedBy(august, standing)).toBeUndefined();
  expect(overlappedBy({ from: '2026-07-31', to: '2026-08-02' }, standing)?.id).toBe('july');
});

it('puts each transaction on at most one standing invoice, and leaves none of an invoiced day behind', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, 1 + n)).toISOString().slice(0, 10);
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ from: fc.nat(12), days: fc.integer({ min: 1, max: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ void: fc.nat(9) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
      let standing: StandingInvoice[] = [];
      let head = 0;
      for (const [index, step] of steps.entries()) {
        head += 1 + (index % 3);
        if ('void' in step) {
          standing = standing.filter((_, at) => at !== step.void);
          continue;
        }
        const period = { from: day(step.from), to: day(step.from + step.days) };
        if (overlappedBy(period, standing) === undefined) standing = issue(standing, String(index), period, head);
        else continue;
        for (let at = 0; at < 18; at += 1) {
          const invoiced = standing.some(({ period }) => period.from <= day(at) && day(at) < period.to);
          for (let block = 0; block <= head; block += 1) {
            const takers = standing.filter(({ coverage }) =>
              coverage.some((c) => c.from <= day(at) && day(at) < c.to && c.after < block && block <= c.through),
            );
            if (invoiced) expect(takers).toHaveLength(1);
            else expect(takers.length).toBeLessThanOrEqual(1);
          }
        }
      }
    }),
  );
});
