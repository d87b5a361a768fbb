import type { DataSource, EntityManager } from 'typeorm';
import { postUsages } from '#accounting/posting-rules.js';
import type { ChargeEvent } from '#contracts/charge.js';
import type { Delivered, Rejection } from '#jetstream/handlers.js';
import { refusedValue } from './refused-value.js';
import { type Charge, decideBooking, identityOf, type Price } from './decide-booking.js';
import { insertCharges } from './insert-charges.js';
import { type NewTransaction, postTransactions, takeTurn } from './post-transactions.js';

/** A quarantined thing says why in at most this many characters. */
const maxDetailLength = 1024;

/**
 * Books a batch: a charge row per event, one transaction per organisation, currency and month, in one database
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
  const books = groupByBook(charges);
  const ids = await postTransactions(db, [...books.values()].map(toTransaction));
  const transactionIds = new Map([...books.keys()].map((book, index) => [book, ids[index]]));
  const posted = charges.map((charge) => ({
    ...charge,
    transactionId: charge.price && transactionIds.get(bookOf(charge.event, charge.price)),
  }));
  await insertCharges(db, posted);
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

type Priced = Required<Charge>;

/** An organisation's book in one currency and month: a transaction stands in one month only. */
const bookOf = ({ org, data }: ChargeEvent, { currency }: Price) =>
  `${org} ${currency} ${new Date(data.effectiveAt).toISOString().slice(0, 7)}`;

/** What is charged, by book: what is not has no amount to post. */
function groupByBook(charges: readonly Charge[]): Map<string, Priced[]> {
  const books = new Map<string, Priced[]>();
  for (const { event, price } of charges) {
    if (price === undefined) continue;
    const book = bookOf(event, price);
    const group = books.get(book);
    if (group === undefined) books.set(book, [{ event, price }]);
    else group.push({ event, price });
  }
  return books;
}

function toTransaction(charges: readonly Priced[]): NewTransaction {
  const latest = charges.reduce((one, other) => (instantOf(other) > instantOf(one) ? other : one));
  return {
    orgId: latest.event.org,
    currency: latest.price.currency,
    kind: 'charge',
    effectiveAt: latest.event.data.effectiveAt,
    postings: postUsages(charges.map(({ event, price }) => ({ provider: event.data.provider, ...price }))),
  };
}

const instantOf = ({ event }: Charge) => Date.parse(event.data.effectiveAt);
