import type { DataSource } from 'typeorm';
import type { z } from 'zod';
import { reversePostings } from '#accounting/invoicing/settle-invoice.js';
import type { Invoice, voidInvoice } from '#contracts/requests/invoices.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { postTransactions, takeTurn } from '../post-transactions.js';
import { readPostings, requireFinal } from './find-final.js';
import { readInvoice } from './read-invoice.js';

/** With a space, which no key of a caller has. */
const keyOfVoid = (id: string) => `invoice-void ${id}`;

/**
 * Takes an invoice's transaction back. Its number stays used and it can be read for ever; its usage is free for another
 * invoice. Of one that is void already, nothing more happens.
 * @throws RequestFailure `conflict` once something was paid or credited: then a credit note is what takes it back.
 */
export async function makeVoid(
  source: DataSource,
  { orgId, id, reason }: z.infer<typeof voidInvoice.request>,
): Promise<Invoice> {
  await takeTurn(source, async (db) => {
    const { currency, transactionId, isVoid, paid, credited } = await requireFinal(db, orgId, id);
    if (isVoid) return;
    if (paid !== 0n || credited !== 0n) {
      throw new RequestFailure(
        'conflict',
        `Invoice "${id}" was paid or credited in part: issue a credit note for the rest.`,
      );
    }
    const [reversal = ''] = await postTransactions(db, [
      {
        ...{ orgId, currency, kind: 'correction', corrects: transactionId, idempotencyKey: keyOfVoid(id) },
        effectiveAt: new Date().toISOString(),
        postings: reversePostings(await readPostings(db, transactionId)),
      },
    ]);
    await db.query(
      'INSERT INTO invoice_void (org_id, invoice_id, currency, reason, transaction_id) VALUES ($1, $2, $3, $4, $5)',
      [orgId, id, currency, reason, reversal],
    );
  });
  return readInvoice(source, { orgId, id });
}
