import type { DataSource, EntityManager } from 'typeorm';
import type { ChargeEvent } from '#contracts/charge.js';
import type { Delivered, Rejection } from '#jetstream/handlers.js';
import { countCharges } from './budgets/count-spending.js';
import { refusedValue } from './refused-value.js';
import { type Charge, decideBooking, identityOf } from './decide-booking.js';
import { insertCharges, type PostedCharge } from './insert-charges.js';
import { useLeases } from './leases/use-leases.js';
import { postTransactions, takeTurn } from './post-transactions.js';
import { dayOf, payCharges, type PricedCharge } from './wallets/pay-charges.js';
import { type Book, readPayers } from './wallets/read-payers.js';

/** A quarantined thing says why in at most this many characters. */
const maxDetailLength = 1024;

/**
 * Books a batch: a charge row per event, one transaction per organisation, currency and day, in one database
 * transaction.
 * Whatever happens in between, an event is booked once or not at all, and booking it again changes nothing.
 * @returns what can never be booked. Anything else that fails throws: nothing was booked, and the batch may come again.
 */
export async function bookCharges(
  source: DataSource,
  deliveries: readonly Delivered<ChargeEvent>[],
): Promise<readonly Rejection<ChargeEvent>[]> {
  const [first] = deliveries;
  if (first === undefined) return [];
  try {
    return await takeTurn(source, (db) => bookBatch(db, deliveries));
  } catch (error) {
    const refused = refusedValue(error)?.slice(0, maxDetailLength);
    if (refused === undefined) throw error;
    if (deliveries.length === 1) return [{ delivered: first, reason: { code: 'invalid', detail: refused } }];
    // One value that Postgres cannot hold must not stop the events around it: halve until it stands alone.
    const middle = deliveries.length >> 1;
    const before = await bookCharges(source, deliveries.slice(0, middle));
    return [...before, ...(await bookCharges(source, deliveries.slice(middle)))];
  }
}

async function bookBatch(
  db: EntityManager,
  deliveries: readonly Delivered<ChargeEvent>[],
): Promise<readonly Rejection<ChargeEvent>[]> {
  const { charges, rejections } = decideBooking(deliveries, await findBooked(db, deliveries));
  await insertCharges(db, await postCharges(db, charges));
  await useLeases(db, charges);
  await countCharges(db, charges);
  return rejections;
}

/** The usage hash of each of these events that is booked already, by identity. */
async function findBooked(
  db: EntityManager,
  deliveries: readonly Delivered<ChargeEvent>[],
): Promise<Map<string, string>> {
  const rows = await db.query<{ org_id: string; event_id: string; usage_hash: string }[]>(
    `SELECT org_id, event_id, encode(usage_hash, 'hex') AS usage_hash
     FROM charge_identity JOIN unnest($1::text[], $2::text[]) AS delivered (org_id, event_id) USING (org_id, event_id)`,
    [deliveries.map(({ event }) => event.org), deliveries.map(({ event }) => event.id)],
  );
  return new Map(rows.map((row) => [identityOf(row.org_id, row.event_id), row.usage_hash]));
}

/** Posts what is charged, and gives each charge its transaction: what is not charged has no amount to post. */
async function postCharges(db: EntityManager, charges: readonly Charge[]): Promise<PostedCharge[]> {
  const books = groupByBook(charges);
  const payersOf = await readPayers(db, books);
  const transactions = books.flatMap((book) => payCharges(book, book.charges, payersOf(book)));
  const ids = await postTransactions(db, transactions);
  const idByDay = new Map(
    transactions.map(({ effectiveAt, ...book }, index) => [bookKey(book, effectiveAt.slice(0, 10)), ids[index]]),
  );
  return charges.map((charge) => {
    const { event, price } = charge;
    if (price === undefined) return charge;
    const book = { orgId: event.org, currency: price.currency };
    return { ...charge, transactionId: idByDay.get(bookKey(book, dayOf(charge))) };
  });
}

function groupByBook(charges: readonly Charge[]): (Book & { readonly charges: PricedCharge[] })[] {
  const books = new Map<string, Book & { readonly charges: PricedCharge[] }>();
  for (const { event, price } of charges) {
    if (price === undefined) continue;
    const book = { orgId: event.org, currency: price.currency };
    const group = books.get(bookKey(book));
    if (group === undefined) books.set(bookKey(book), { ...book, charges: [{ event, price }] });
    else group.charges.push({ event, price });
  }
  return [...books.values()];
}

const bookKey = ({ orgId, currency }: Book, day = '') => `${orgId} ${currency} ${day}`;
