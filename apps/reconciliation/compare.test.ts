import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  type ReconciliationBreak,
  reconciliationBreak,
  type ReconciliationCell,
} from '#contracts/requests/reconciliation.js';
import { formatAmount } from '#money/pico.js';
import {
  addCell,
  addEvent,
  type Cells,
  contentHash,
  type LoggedEvent,
  type Money,
  parseCell,
  scopeName,
} from './cells.js';
import { findUnequalScopes } from './compare-cells.js';
import { compareEvents } from './compare-events.js';
import { compareGeneralLedger } from './compare-general-ledger.js';
import { compareQuarantine } from './compare-quarantine.js';
import { grossErrorPpm } from './gross-error.js';

const cellsOf = (events: readonly LoggedEvent[]): Cells => {
  const cells: Cells = new Map();
  for (const event of events) addEvent(cells, event);
  return cells;
};

/** As a run compares: by sums, then event by event where sums differ. */
function compare(expected: readonly LoggedEvent[], found: readonly LoggedEvent[]): ReconciliationBreak[] {
  return findUnequalScopes(cellsOf(expected), cellsOf(found)).flatMap((scope) => {
    const within = (events: readonly LoggedEvent[]) =>
      events.filter((event) => scopeName(event.scope) === scopeName(scope));
    return compareEvents({ source: 'ledger', scope }, within(expected), within(found));
  });
}

const scope = fc.record({
  orgId: fc.constantFrom('acme', 'other'),
  hour: fc.constantFrom('2026-09-01T10:00:00.000Z', '2026-09-01T11:00:00.000Z'),
  model: fc.constantFrom('gpt-5', 'a model with spaces'),
});
const pico = fc.bigInt({ min: 1n, max: 10n ** 15n });
const outcome = fc.oneof(
  { weight: 3, arbitrary: fc.record({ amount: pico, cost: pico, currency: fc.constantFrom('USD', 'EUR') }) },
  { weight: 1, arbitrary: fc.constantFrom('suspended' as const, 'voided' as const) },
);
const event: fc.Arbitrary<LoggedEvent> = fc
  .record({ eventId: fc.uuid(), scope, quantity: fc.bigInt({ min: 1n, max: 10n ** 6n }), outcome })
  .map(({ outcome, ...rest }) =>
    typeof outcome === 'string'
      ? { ...rest, usageHash: 'a'.repeat(64), status: outcome }
      : { ...rest, usageHash: 'a'.repeat(64), status: 'charged' as const, money: outcome },
  );
const events = fc.uniqueArray(event, { minLength: 1, maxLength: 30, selector: ({ eventId }) => eventId });
const charged = events.filter((list) => list.some(({ money }) => money !== undefined));

function chargedOne(list: readonly LoggedEvent[]): LoggedEvent & { money: Money } {
  const one = list.find((candidate) => candidate.money !== undefined);
  if (one?.money === undefined) throw new Error('generated without a charge');
  return { ...one, money: one.money };
}
const replace = (list: readonly LoggedEvent[], by: LoggedEvent) =>
  list.map((one) => (one.eventId === by.eventId ? by : one));

describe('the comparison', () => {
  it('finds nothing between equal accounts, in whatever order', () => {
    fc.assert(fc.property(events, (list) => expect(compare(list, [...list].reverse())).toEqual([])));
  });

  const total = ({ money }: LoggedEvent) =>
    money === undefined ? 0n : money.amount > money.cost ? money.amount : money.cost;
  const bent: Record<string, (list: LoggedEvent[], one: LoggedEvent & { money: Money }) => [LoggedEvent[], bigint]> = {
    missing: (list, one) => [list.filter(({ eventId }) => eventId !== one.eventId), total(one)],
    unexpected: (list, one) => [[...list, { ...one, eventId: 'another' }], total(one)],
    duplicate: (list, one) => [[...list, one], total(one)],
    quantity: (list, one) => [replace(list, { ...one, quantity: one.quantity + 1n }), 0n],
    price: (list, one) => [replace(list, { ...one, money: { ...one.money, amount: one.money.amount + 3n } }), 3n],
    status: (list, { money: _, ...one }) => [replace(list, { ...one, status: 'suspended' }), total(chargedOne(list))],
  };
  it.each(Object.entries(bent))('finds %s, and what it is worth', (kind, bend) => {
    fc.assert(
      fc.property(charged, (list) => {
        const one = chargedOne(list);
        const [found, worth] = bend(list, one);
        expect(compare(list, found)).toMatchObject([
          { kind, ...one.scope, currency: one.money.currency, difference: formatAmount(worth) },
        ]);
      }),
    );
  });

  it('finds a price that only the provider is charged wrongly', () => {
    fc.assert(
      fc.property(charged, (list) => {
        const one = chargedOne(list);
        const found = replace(list, { ...one, money: { ...one.money, cost: one.money.cost + 5n } });
        expect(compare(list, found)).toMatchObject([{ kind: 'price', difference: formatAmount(5n) }]);
      }),
    );
  });

  it('nets nothing: too much of one event does not hide too little of another in the same cell', () => {
    fc.assert(
      fc.property(event, pico, pico, fc.constantFrom('amount', 'cost'), (template, price, wrong, bent) => {
        const at = (eventId: string, deviation: bigint): LoggedEvent => {
          const money = { currency: 'USD', amount: price + wrong, cost: price + wrong };
          return { ...template, eventId, status: 'charged', money: { ...money, [bent]: money[bent] + deviation } };
        };
        const breaks = compare([at('one', 0n), at('two', 0n)], [at('one', wrong), at('two', -wrong)]);
        expect(breaks).toMatchObject(
          ['one', 'two'].map((eventId) => ({ kind: 'price', eventId, difference: formatAmount(wrong) })),
        );
        const ppm = grossErrorPpm(breaks, new Map([['USD', 2n * (price + wrong)]])) ?? NaN;
        expect(ppm).toBeCloseTo((Number(wrong) / Number(price + wrong)) * 1e6, 3);
      }),
    );
  });

  it('nets no quantities either', () => {
    fc.assert(
      fc.property(event, (one) => {
        const expected = [one, { ...one, eventId: 'another' }];
        const found = expected.map((held, index) => ({ ...held, quantity: held.quantity + (index === 0 ? 1n : -1n) }));
        expect(compare(expected, found)).toMatchObject([{ kind: 'quantity' }, { kind: 'quantity' }]);
      }),
    );
  });

  it('tells other content under the same id, though its sums are the same', () => {
    const one: LoggedEvent = {
      eventId: 'e',
      scope: { orgId: 'acme', hour: '2026-09-01T10:00:00.000Z', model: 'm' },
      usageHash: 'a'.repeat(64),
      status: 'suspended',
      quantity: 1n,
    };
    expect(compare([one], [{ ...one, usageHash: 'b'.repeat(64) }])).toMatchObject([
      { kind: 'hash_mismatch', expected: 'a'.repeat(64), found: 'b'.repeat(64) },
    ]);
  });

  it('nets nothing: too much in one scope does not hide too little in another', () => {
    fc.assert(
      fc.property(event, pico, pico, (template, amount, wrong) => {
        const at = (hour: string, eventId: string, pico: bigint): LoggedEvent => ({
          ...template,
          eventId,
          scope: { ...template.scope, hour },
          status: 'charged',
          money: { currency: 'USD', amount: pico, cost: 0n },
        });
        const [ten, eleven] = ['2026-09-01T10:00:00.000Z', '2026-09-01T11:00:00.000Z'] as const;
        const base = amount + wrong;
        const breaks = compare(
          [at(ten, 'one', base), at(eleven, 'two', base)],
          [at(ten, 'one', base + wrong), at(eleven, 'two', base - wrong)],
        );
        expect(breaks.map(({ difference }) => difference)).toEqual([formatAmount(wrong), formatAmount(wrong)]);
        const ppm = grossErrorPpm(breaks, new Map([['USD', 2n * base]])) ?? NaN;
        expect(ppm).toBeCloseTo((Number(wrong) / Number(base)) * 1e6, 3);
      }),
    );
  });

  it('says nothing that its contract cannot carry', () => {
    fc.assert(
      fc.property(events, events, (list, other) => {
        for (const one of compare(list, other)) expect(reconciliationBreak.parse(one)).toEqual(one);
      }),
    );
  });
});

describe('cells', () => {
  it('are the same, added up here or read from a source', () => {
    fc.assert(
      fc.property(events, (list) => {
        const cells = cellsOf(list);
        const read: Cells = new Map();
        for (const { scope, status, count, contentHash, quantity, money } of cells.values()) {
          const wire: ReconciliationCell = {
            ...scope,
            status,
            count,
            contentHash: contentHash.toString(),
            quantity: quantity.toString(),
            ...(money && {
              currency: money.currency,
              amount: formatAmount(money.amount),
              cost: formatAmount(money.cost),
            }),
          };
          addCell(read, parseCell(wire));
        }
        expect(findUnequalScopes(cells, read)).toEqual([]);
      }),
    );
  });

  it('name the content of their events by the first 8 bytes of SHA-256', () => {
    const suspended = { eventId: 'a b', usageHash: 'c0ffee', status: 'suspended', quantity: 12n } as const;
    // printf 'a b c0ffee 12  ' | sha256sum
    expect(contentHash(suspended)).toBe(0xabb1037a45733a64n);
    // printf 'a b c0ffee 12 34 0' | sha256sum
    expect(contentHash({ ...suspended, money: { currency: 'USD', amount: 34n, cost: 0n } })).toBe(0xc0e7a737109d6725n);
  });
});

describe('the gross error', () => {
  const at = (source: ReconciliationBreak['source'], difference?: string): ReconciliationBreak => ({
    kind: 'price',
    source,
    expected: '',
    found: '',
    ...(difference === undefined ? {} : { currency: 'USD', difference }),
  });
  const billed = new Map([['USD', 10n ** 12n]]);

  it('is 0 without breaks, also when nothing was billed', () => {
    expect([grossErrorPpm([], billed), grossErrorPpm([], new Map())]).toEqual([0, 0]);
  });
  it('is that of the worst source', () => {
    expect(
      grossErrorPpm([at('ledger', '0.0001'), at('ledger', '0.0002'), at('clickhouse', '0.00025')], billed),
    ).toBeCloseTo(300);
  });
  it('is 0 where breaks concern no amount', () => {
    expect(grossErrorPpm([at('ledger')], billed)).toBe(0);
  });
  it('has no measure where something differs and nothing was billed', () => {
    expect(grossErrorPpm([at('ledger', '1')], new Map())).toBeUndefined();
    expect(grossErrorPpm([at('ledger')], new Map())).toBeUndefined();
  });
});

it('the general ledger has to be what the sub-ledger charged, in revenue and in cost', () => {
  const right = { orgId: 'acme', currency: 'USD', revenue: '1', charged: '1', cost: '1', chargedCost: '1' };
  expect(compareGeneralLedger([right])).toEqual([]);
  expect(compareGeneralLedger([{ ...right, revenue: '0.9', cost: '1.5' }])).toMatchObject([
    { kind: 'general_ledger', orgId: 'acme', difference: '0.1' },
    { kind: 'general_ledger', orgId: 'acme', difference: '0.5' },
  ]);
});

it('the quarantine has to hold what cannot be processed, and nothing else', () => {
  expect(compareQuarantine(new Set(['a', 'b']), new Set(['b', 'c']))).toMatchObject([
    { kind: 'missing', expected: 'quarantined as a' },
    { kind: 'unexpected', found: 'quarantined as c' },
  ]);
});
