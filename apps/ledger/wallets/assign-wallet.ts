import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import type { assignWallet, listAssignments, WalletAssignment } from '#contracts/requests/wallets.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import { takeTurn } from '../post-transactions.js';
import { giveRow } from './find-wallet.js';

interface AssignmentRow {
  readonly org_id: string;
  readonly currency: string;
  readonly payer_kind: WalletAssignment['payer']['kind'];
  readonly payer_id: string;
  readonly wallet_id: string;
}

/** From now on a wallet pays the usage of a team or project in its currency. The same again leaves no new row. */
export async function assignUsage(
  source: DataSource,
  assignment: z.infer<typeof assignWallet.request>,
): Promise<WalletAssignment> {
  const { orgId, currency, payer, wallet } = assignment;
  return takeTurn(source, async (db) => {
    await giveRow(db, { orgId, wallet, currency });
    await db.query(
      `INSERT INTO wallet_assignment (org_id, currency, payer_kind, payer_id, wallet_id)
       SELECT $1::text, $2::text, $3::text, $4::text, $5::text
       WHERE $5::text IS DISTINCT FROM (
         SELECT wallet_id FROM wallet_assignment
         WHERE (org_id, currency, payer_kind, payer_id) = ($1::text, $2::text, $3::text, $4::text) ORDER BY number DESC LIMIT 1)`,
      [orgId, currency, payer.kind, payer.id, wallet],
    );
    return assignment;
  });
}

/** What holds now, by currency, kind and id. */
export async function readAssignments(
  source: DataSource,
  request: z.infer<typeof listAssignments.request>,
): Promise<z.infer<typeof listAssignments.reply>> {
  const size = pageSize(request);
  const rows = await source.query<AssignmentRow[]>(
    `SELECT DISTINCT ON (currency, payer_kind, payer_id) org_id, currency, payer_kind, payer_id, wallet_id
     FROM wallet_assignment
     WHERE org_id = $1 AND ($2::text IS NULL OR (currency, payer_kind, payer_id) > ($2, $3, $4))
     ORDER BY currency, payer_kind, payer_id, number DESC LIMIT $5`,
    [request.orgId, ...cursorOf(request, 3), size + 1],
  );
  return toPage(
    rows,
    size,
    (row) => [row.currency, row.payer_kind, row.payer_id],
    (row) => ({
      orgId: row.org_id,
      currency: row.currency,
      payer: { kind: row.payer_kind, id: row.payer_id },
      wallet: row.wallet_id,
    }),
  );
}
