import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { getTransaction } from '#contracts/requests/accounting.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { formatAmount } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { readPostings, toTransaction, transactionColumns, type TransactionRow } from './read-journal.js';

interface ChargeRow {
  readonly event_id: string;
  readonly number: number;
  readonly effective_at: Date;
  readonly team_id: string;
  readonly project_id: string;
  readonly key_id: string;
  readonly provider: string;
  readonly model: string;
  readonly price_version: string;
  readonly quantity: string;
  readonly amount: string;
  readonly cost: string;
  readonly reason: string | null;
}

/** @throws RequestFailure `not_found`, whether it is absent or another organisation's. */
export async function readTransaction(
  source: DataSource,
  request: z.infer<typeof getTransaction.request>,
): Promise<z.infer<typeof getTransaction.reply>> {
  const { orgId, id } = request;
  const [row] = await source.query<TransactionRow[]>(
    `SELECT ${transactionColumns} FROM transaction t WHERE t.id = $1 AND t.org_id = $2`,
    [id, orgId],
  );
  if (row === undefined) throw new RequestFailure('not_found', `There is no transaction ${id} of ${orgId}.`);
  const postings = await readPostings(source, [id]);
  return {
    transaction: toTransaction(row, postings.get(id) ?? []),
    charges: await readCharges(source, request),
  };
}

/** A charge by itself is number 0, its adjustments follow. */
async function readCharges(source: DataSource, request: z.infer<typeof getTransaction.request>) {
  const size = pageSize(request);
  const path = 'c.effective_at, c.team_id, c.project_id, c.key_id, c.provider, c.model';
  const rows = await source.query<ChargeRow[]>(
    `SELECT * FROM (
       SELECT c.event_id, 0 AS number, ${path}, c.price_version, c.quantity, c.amount, c.cost, NULL AS reason
       FROM charge c WHERE c.transaction_id = $1
       UNION ALL
       SELECT a.event_id, a.number, ${path}, a.price_version, c.quantity, a.amount, a.cost, a.reason
       FROM adjustment a JOIN charge_identity i USING (org_id, event_id)
         JOIN charge c ON (c.org_id, c.event_id, c.effective_at) = (i.org_id, i.event_id, i.effective_at)
       WHERE a.transaction_id = $1
     ) AS part
     WHERE $2::text IS NULL OR (event_id, number) > ($2, $3::integer)
     ORDER BY event_id, number LIMIT $4`,
    [request.id, ...cursorOf(request, 2), size + 1],
  );
  return toPage(
    rows,
    size,
    ({ event_id, number }) => [event_id, String(number)],
    (row) => ({
      ...{ eventId: row.event_id, effectiveAt: row.effective_at.toISOString() },
      ...{ teamId: row.team_id, projectId: row.project_id, keyId: row.key_id },
      ...{ provider: row.provider, model: row.model, priceVersion: row.price_version, quantity: row.quantity },
      ...{ amount: formatAmount(BigInt(row.amount)), cost: formatAmount(BigInt(row.cost)) },
      ...(row.reason === null ? {} : { reason: row.reason }),
    }),
  );
}
