import { allocateUsage, type Grant } from '#accounting/allocate-usage.js';
import { postProviderCosts } from '#accounting/posting-rules.js';
import type { Charge } from '../decide-booking.js';
import type { NewTransaction } from '../post-transactions.js';
import type { Book, Payers } from './read-payers.js';

export type PricedCharge = Required<Charge>;

/** The day (UTC) of a charge, such as `2026-07-24`: a transaction is of one day, because invoices are for whole days. */
export const dayOf = ({ event }: Charge) => new Date(event.data.effectiveAt).toISOString().slice(0, 10);

/**
 * The transactions of one book's charges, one to a day, in the order of the days: what an earlier day takes from a grant
 * is not there for a later one.
 */
export function payCharges(
  book: Book,
  charges: readonly PricedCharge[],
  { grants, walletOf }: Payers,
): NewTransaction[] {
  let current: readonly Grant[] = grants;
  return byDay(charges).map((charges) => {
    const usages = charges.map(toUsage);
    const { postings, left } = allocateUsage(usages, current, ({ data }) => walletOf(data));
    current = current.map((grant) => ({ ...grant, left: left.get(grant.id) ?? grant.left }));
    const latestMs = usages.reduce((latest, { effectiveAtMs }) => Math.max(latest, effectiveAtMs), -Infinity);
    return {
      orgId: book.orgId,
      currency: book.currency,
      kind: 'charge',
      effectiveAt: new Date(latestMs).toISOString(),
      postings: [...postings, ...postProviderCosts(usages)],
    };
  });
}

function byDay(charges: readonly PricedCharge[]): PricedCharge[][] {
  const days = new Map<string, PricedCharge[]>();
  for (const charge of charges) {
    const day = dayOf(charge);
    const group = days.get(day);
    if (group === undefined) days.set(day, [charge]);
    else group.push(charge);
  }
  return [...days].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

const toUsage = ({ event, price }: PricedCharge) => ({
  eventId: event.id,
  provider: event.data.provider,
  amount: price.amount,
  cost: price.cost,
  effectiveAtMs: Date.parse(event.data.effectiveAt),
  data: event.data,
});
