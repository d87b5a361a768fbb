import type { EntityManager } from 'typeorm';
import type { Posting } from '#accounting/posting-rules.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import type { Pico } from '#money/pico.js';
import { isFinal } from './find-draft.js';

/** A final invoice as far as it may still change: what is owed, paid and credited. */
export interface OpenInvoice {
  readonly orgId: string;
  readonly id: string;
  readonly currency: string;
  readonly issuerId: string;
  readonly transactionId: string;
  readonly total: Pico;
  readonly outstanding: Pico;
  readonly paid: Pico;
  readonly credited: Pico;
  readonly isVoid: boolean;
}

interface OpenRow {
  readonly currency: string;
  readonly issuer_id: string;
  readonly transaction_id: string;
  readonly total: string;
  readonly outstanding: string;
  readonly paid: string;
  readonly credited: string;
  readonly voided: boolean;
}

/** To be called in a turn: it holds until that commits. @throws RequestFailure `not_found`, `conflict` for a draft. */
export async function requireFinal(db: EntityManager, orgId: string, id: string): Promise<OpenInvoice> {
  const [row] = await db.query<OpenRow[]>(
    `SELECT i.currency, i.issuer_id, i.transaction_id, i.total, s.outstanding, s.paid, s.credited, s.voided
     FROM invoice i JOIN invoice_state s ON (s.org_id, s.id) = (i.org_id, i.id) WHERE (i.org_id, i.id) = ($1, $2)`,
    [orgId, id],
  );
  if (row === undefined) throw await notFinal(db, orgId, id);
  return {
    ...{ orgId, id, currency: row.currency, issuerId: row.issuer_id, transactionId: row.transaction_id },
    total: BigInt(row.total),
    outstanding: BigInt(row.outstanding),
    paid: BigInt(row.paid),
    credited: BigInt(row.credited),
    isVoid: row.voided,
  };
}

export async function notFinal(db: EntityManager, orgId: string, id: string): Promise<RequestFailure> {
  const drafts = await db.query<unknown[]>('SELECT FROM invoice_draft WHERE (org_id, id) = ($1, $2)', [orgId, id]);
  return drafts.length > 0
    ? new RequestFailure('conflict', `Invoice "${id}" is a draft: make it final first.`)
    : new RequestFailure('not_found', `There is no invoice "${id}".`);
}

export async function requireFinalId(db: EntityManager, orgId: string, id: string): Promise<void> {
  if (!(await isFinal(db, orgId, id))) throw await notFinal(db, orgId, id);
}

interface PostingRow {
  readonly debit: string;
  readonly debit_kind: Posting['debit']['kind'];
  readonly credit: string;
  readonly credit_kind: Posting['credit']['kind'];
  readonly amount: string;
}

export async function readPostings(db: EntityManager, transactionId: string): Promise<Posting[]> {
  const rows = await db.query<PostingRow[]>(
    `SELECT debit.name AS debit, debit.kind AS debit_kind, credit.name AS credit, credit.kind AS credit_kind, p.amount
     FROM posting p JOIN account debit ON debit.id = p.debit_account JOIN account credit ON credit.id = p.credit_account
     WHERE p.transaction_id = $1 ORDER BY p.id`,
    [transactionId],
  );
  return rows.map((row) => ({
    debit: { name: row.debit, kind: row.debit_kind },
    credit: { name: row.credit, kind: row.credit_kind },
    amount: BigInt(row.amount),
  }));
}
