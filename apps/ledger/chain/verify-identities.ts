import type { BookReader } from './book-reader.js';
import { leafOf } from './canonical.js';
import type { CheckResult, Finding } from './finding.js';
import { KeyedSums } from './keyed-sums.js';

const micros = '(extract(epoch FROM effective_at) * 1000000)::bigint';
const fields = `org_id, event_id, encode(usage_hash, 'hex'), ${micros}`;

/** Every event was booked once: each charge has the one identity of its event, and each identity its charge. */
export async function verifyIdentities(book: BookReader): Promise<CheckResult> {
  const sums = new KeyedSums();
  let count = 0;
  for await (const row of book.stream(`SELECT ${fields} FROM charge`)) {
    sums.add(0, leafOf(row));
    count += 1;
  }
  for await (const row of book.stream(`SELECT ${fields} FROM charge_identity`)) sums.subtract(0, leafOf(row));
  const seen = `${count} events`;
  if (sums.firstUnequal(1) === undefined) return { check: 'identities', seen, wrong: 0 };
  const wrong = await differing(book);
  return {
    check: 'identities',
    seen,
    wrong: Math.max(1, wrong.length),
    ...(wrong[0] === undefined ? {} : { first: wrong[0] }),
  };
}

const mostShown = 100;

async function differing(book: BookReader): Promise<Finding[]> {
  const rows = await book.all(
    `SELECT org_id, event_id, c.said, i.said
     FROM (SELECT org_id, event_id, encode(usage_hash, 'hex') || ' ' || effective_at AS said FROM charge) AS c
     FULL JOIN (SELECT org_id, event_id, encode(usage_hash, 'hex') || ' ' || effective_at AS said FROM charge_identity)
       AS i USING (org_id, event_id)
     WHERE c.said IS DISTINCT FROM i.said ORDER BY org_id, event_id LIMIT ${mostShown}`,
  );
  return rows.map(([orgId, eventId, charge, identity]) => ({
    table: charge === null ? 'charge_identity' : 'charge',
    key: `${orgId} ${eventId}`,
    stored: charge ?? 'no charge',
    expected: `${identity ?? 'no charge'}, as its identity says`,
  }));
}
