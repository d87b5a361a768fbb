import type { ChargeEvent } from '#contracts/charge.js';
import type { Delivered, Rejection } from '#jetstream/handlers.js';
import { AmountError, parseAmount, type Pico } from '#money/pico.js';

/** What a charged event is worth, as exact integers. */
export interface Price {
  readonly currency: string;
  readonly amount: Pico;
  readonly cost: Pico;
}

/** A charge event that is to be booked. */
export interface Charge {
  readonly event: ChargeEvent;
  /** Absent unless charged: an unknown amount is not 0. */
  readonly price?: Price;
}

export interface Booking {
  readonly charges: readonly Charge[];
  readonly rejections: readonly Rejection<ChargeEvent>[];
}

/** What identifies an event for ever. */
export const identityOf = (orgId: string, eventId: string) => JSON.stringify([orgId, eventId]);

/**
 * Which deliveries are to be booked. The first of an event counts, in the book or in the batch: the same content
 * again is nothing new, other content under its id is never booked over it.
 * @param booked usage hash by identity, of those deliveries' events that the book holds.
 */
export function decideBooking(
  deliveries: readonly Delivered<ChargeEvent>[],
  booked: ReadonlyMap<string, string>,
): Booking {
  const hashes = new Map(booked);
  const charges: Charge[] = [];
  const rejections: Rejection<ChargeEvent>[] = [];
  for (const delivered of deliveries) {
    const { event } = delivered;
    const identity = identityOf(event.org, event.id);
    const known = hashes.get(identity);
    if (known === event.data.usageHash) continue;
    if (known !== undefined) {
      const detail = `The ledger holds event ${event.id} with usage hash ${known}; this one has ${event.data.usageHash}.`;
      rejections.push({ delivered, reason: { code: 'payload_conflict', detail } });
      continue;
    }
    const read = readCharge(event);
    if ('invalid' in read) {
      rejections.push({ delivered, reason: { code: 'invalid', detail: `Event ${event.id}: ${read.invalid}` } });
      continue;
    }
    hashes.set(identity, event.data.usageHash);
    charges.push(read);
  }
  return { charges, rejections };
}

/** An invoice is made of lines and a ledger of charges: they must be the same money. */
function readCharge(event: ChargeEvent): Charge | { readonly invalid: string } {
  const { rating } = event.data;
  if (rating.status !== 'charged') return { event };
  try {
    const amount = parseAmount(rating.amount);
    const cost = parseAmount(rating.cost);
    const lines = rating.lines.reduce((sum, line) => sum + parseAmount(line.amount), 0n);
    if (amount < 0n || cost < 0n) return { invalid: 'a charge below zero is a correction, which is another event.' };
    if (lines !== amount) return { invalid: `its lines do not add up to its amount of ${rating.amount}.` };
    return { event, price: { currency: rating.currency, amount, cost } };
  } catch (error) {
    if (error instanceof AmountError) return { invalid: error.message };
    throw error;
  }
}
