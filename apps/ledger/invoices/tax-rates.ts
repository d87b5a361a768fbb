import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Day } from '#accounting/invoicing/coverage.js';
import type { TaxRate } from '#accounting/invoicing/invoice-tax.js';
import type { listTaxRates, TaxRate as SetRate } from '#contracts/requests/invoices.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { takeTurn } from '../post-transactions.js';

interface RateRow {
  readonly jurisdiction: string;
  readonly name: string;
  readonly rate: string;
  readonly mode: TaxRate['mode'];
  readonly valid_from: string;
}

/** Exact, as it was set: a trailing zero says nothing. */
const columns = 'jurisdiction, name, trim_scale(rate)::text AS rate, mode, valid_from::text';

export function addTaxRate(source: DataSource, rate: SetRate): Promise<SetRate> {
  return takeTurn(source, async (db) => {
    await db.query(
      `INSERT INTO tax_rate (jurisdiction, name, rate, mode, valid_from)
       SELECT $1::text, $2::text, $3::numeric, $4::text, $5::date
       WHERE ROW($3::numeric, $4::text) IS DISTINCT FROM (SELECT ROW(rate, mode) FROM tax_rate
         WHERE (jurisdiction, name, valid_from) = ($1::text, $2::text, $5::date) ORDER BY number DESC LIMIT 1)`,
      [rate.jurisdiction, rate.name, rate.rate, rate.mode, rate.validFrom],
    );
    return rate;
  });
}

/** By jurisdiction, name and day: of each the latest. */
export async function readTaxRates(
  source: DataSource,
  request: z.infer<typeof listTaxRates.request>,
): Promise<z.infer<typeof listTaxRates.reply>> {
  const size = pageSize(request);
  const rows = await source.query<RateRow[]>(
    `SELECT DISTINCT ON (jurisdiction, name, tax_rate.valid_from) ${columns} FROM tax_rate
     WHERE $1::text IS NULL OR (jurisdiction, name, tax_rate.valid_from) > ($1, $2, $3::date)
     ORDER BY jurisdiction, name, tax_rate.valid_from, number DESC LIMIT $4`,
    [...cursorOf(request, 3), size + 1],
  );
  return toPage(
    rows,
    size,
    (row) => [row.jurisdiction, row.name, row.valid_from],
    ({ valid_from: validFrom, ...row }) => ({ ...row, validFrom }),
  );
}

/** The rates of a jurisdiction that hold on each of these days, by name. A day that none holds on has no entry. */
export async function findRates(
  db: EntityManager,
  jurisdiction: string,
  days: readonly Day[],
): Promise<ReadonlyMap<Day, readonly TaxRate[]>> {
  const rows = await db.query<(RateRow & { day: string })[]>(
    `SELECT day::text AS day, held.* FROM unnest($2::date[]) AS asked (day) CROSS JOIN LATERAL (
       SELECT DISTINCT ON (name) ${columns} FROM tax_rate r
       WHERE r.jurisdiction = $1 AND r.valid_from <= day ORDER BY name, r.valid_from DESC, number DESC
     ) AS held ORDER BY day, name`,
    [jurisdiction, days],
  );
  const rates = new Map<Day, TaxRate[]>();
  for (const { day, name, rate, mode } of rows) {
    rates.set(day, [...(rates.get(day) ?? []), { jurisdiction, name, rate, mode }]);
  }
  return rates;
}
