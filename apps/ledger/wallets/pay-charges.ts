import { allocateUsage, type Grant } from '#accounting/allocate-usage.js';
import { postProviderCosts } from '#accounting/posting-rules.js';
import type { Charge } from '../decide-booking.js';
import type { NewTransaction } from '../post-transactions.js';
import type { Book, Payers } from './read-payers.js';

export type PricedCharge = Required<Charge>;

/** The month of the book that a charge stands in, such as `2026-07`: a transaction stands in one month only. */
export const monthOf = ({ event }: Charge) => new Date(event.data.effectiveAt).toISOString().slice(0, 7);

/**
 * The transactions of one book's charges, one to a month, in the order of the months: what an earlier month takes from a
 * grant is not there for a later one.
 */
export function payCharges(
  book: Book,
  charges: readonly PricedCharge[],
  { grants, walletOf }: Payers,
): NewTransaction[] {
  let current: readonly Grant[] = grants;
  return byMonth(charges).map((charges) => {
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

function byMonth(charges: readonly PricedCharge[]): PricedCharge[][] {
  const months = new Map<string, PricedCharge[]>();
  for (const charge of charges) {
    const month = monthOf(charge);
    const group = months.get(month);
    if (group === undefined) months.set(month, [charge]);
    else group.push(charge);
  }
  return [...months].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

const toUsage = ({ event, price }: PricedCharge) => ({
  eventId: event.id,
  provider: event.data.provider,
  amount: price.amount,
  cost: price.cost,
  effectiveAtMs: Date.parse(event.data.effectiveAt),
  data: event.data,
});
