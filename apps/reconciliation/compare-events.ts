import type { ReconciliationBreak } from '#contracts/requests/reconciliation.js';
import { formatAmount, type Pico } from '#money/pico.js';
import type { HeldEvent, Money, Scope } from './cells.js';

type Kind = ReconciliationBreak['kind'];

export interface Place {
  readonly source: ReconciliationBreak['source'];
  readonly scope: Scope;
}

/** An event as the log has it beside the same event as a source has it: one of them may have none. */
interface Pair {
  readonly expected?: HeldEvent;
  readonly found?: HeldEvent;
}

/** Compares a scope event by event: one break per event that differs, none netted against another. */
export function compareEvents(
  place: Place,
  expected: readonly HeldEvent[],
  found: readonly HeldEvent[],
): ReconciliationBreak[] {
  const breaks: ReconciliationBreak[] = [];
  const logged = new Map(expected.map((event) => [event.eventId, event]));
  const seen = new Set<string>();
  for (const event of found) {
    const counterpart = logged.get(event.eventId);
    if (seen.has(event.eventId)) {
      breaks.push(breakOf(place, 'duplicate', { found: event }));
    } else if (counterpart === undefined) {
      breaks.push(breakOf(place, 'unexpected', { found: event }));
    } else {
      const kind = kindOfDifference(counterpart, event);
      if (kind !== undefined) breaks.push(breakOf(place, kind, { expected: counterpart, found: event }));
    }
    seen.add(event.eventId);
  }
  for (const event of expected) {
    if (!seen.has(event.eventId)) breaks.push(breakOf(place, 'missing', { expected: event }));
  }
  return breaks;
}

function kindOfDifference(expected: HeldEvent, found: HeldEvent): Kind | undefined {
  if (expected.usageHash !== found.usageHash) return 'hash_mismatch';
  if (expected.status !== found.status) return 'status';
  if (expected.quantity !== found.quantity) return 'quantity';
  return describeMoney(expected.money) === describeMoney(found.money) ? undefined : 'price';
}

function breakOf({ source, scope }: Place, kind: Kind, { expected, found }: Pair): ReconciliationBreak {
  const eventId = expected?.eventId ?? found?.eventId;
  return {
    kind,
    source,
    ...scope,
    ...(eventId === undefined ? {} : { eventId }),
    expected: describe(expected, kind),
    found: describe(found, kind),
    ...differenceOf(expected?.money, found?.money),
  };
}

/** The greater of what the customer's amount and the provider's cost are wrong by; absent where no amount is involved. */
function differenceOf(
  expected: Money | undefined,
  found: Money | undefined,
): Pick<ReconciliationBreak, 'currency' | 'difference'> {
  const money = expected ?? found;
  if (money === undefined) return {};
  // What is missing, unexpected or in another currency is wrong as a whole.
  const other = expected !== undefined && found?.currency === expected.currency ? found : { amount: 0n, cost: 0n };
  const wrong = greater(distance(money.amount, other.amount), distance(money.cost, other.cost));
  return { currency: money.currency, difference: formatAmount(wrong) };
}

function describe(event: HeldEvent | undefined, kind: Kind): string {
  if (event === undefined) return kind === 'duplicate' ? 'once' : 'nothing';
  if (kind === 'hash_mismatch') return event.usageHash;
  return `${event.status}, ${event.quantity} units${describeMoney(event.money)}`;
}

function describeMoney(money: Money | undefined): string {
  if (money === undefined) return '';
  return `, ${money.currency} ${formatAmount(money.amount)}, cost ${formatAmount(money.cost)}`;
}

const greater = (one: Pico, other: Pico) => (one > other ? one : other);
const distance = (one: Pico, other: Pico) => (one > other ? one - other : other - one);
