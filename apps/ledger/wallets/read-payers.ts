import type { EntityManager } from 'typeorm';
import type { Grant, PayingWallet } from '#accounting/allocate-usage.js';
import { defaultWallet } from '#accounting/chart-of-accounts.js';

/** An organisation's book in one currency. */
export interface Book {
  readonly orgId: string;
  readonly currency: string;
}

/** Who pays for the usage of one book, as the ledger knows it now. */
export interface Payers {
  readonly grants: readonly Grant[];
  readonly walletOf: (usage: { readonly teamId: string; readonly projectId: string }) => PayingWallet;
}

/** The payers of these books. To be called in a turn: they hold until it commits. */
export async function readPayers(db: EntityManager, books: readonly Book[]): Promise<(book: Book) => Payers> {
  const parameters = [books.map(({ orgId }) => orgId), books.map(({ currency }) => currency)];
  const grants = groupByBook(await db.query<GrantRow[]>(selectGrants, parameters));
  const assignments = groupByBook(await db.query<AssignmentRow[]>(selectAssignments, parameters));
  const terms = groupByBook(await db.query<TermsRow[]>(selectTerms, parameters));
  return ({ orgId, currency }) => {
    const book = bookKey(orgId, currency);
    const wallets = new Map(
      (assignments.get(book) ?? []).map((row) => [`${row.payer_kind} ${row.payer_id}`, row.wallet_id]),
    );
    const kinds = new Map((terms.get(book) ?? []).map((row) => [row.wallet_id, row.kind]));
    return {
      grants: (grants.get(book) ?? []).map(toGrant),
      walletOf: ({ teamId, projectId }) => {
        const id = wallets.get(`project ${projectId}`) ?? wallets.get(`team ${teamId}`) ?? defaultWallet;
        return { id, kind: kinds.get(id) ?? 'prepaid' };
      },
    };
  };
}

interface BookRow {
  readonly org_id: string;
  readonly currency: string;
}
interface GrantRow extends BookRow {
  readonly id: string;
  readonly left: string;
  readonly priority: number;
  readonly valid_from: Date;
  readonly expires_at: Date | null;
  readonly wallet_id: string | null;
}
interface AssignmentRow extends BookRow {
  readonly payer_kind: 'team' | 'project';
  readonly payer_id: string;
  readonly wallet_id: string;
}
interface TermsRow extends BookRow {
  readonly wallet_id: string;
  readonly kind: PayingWallet['kind'];
}

const books = 'unnest($1::text[], $2::text[]) AS book (org_id, currency)';

/** Those with something left, also such as have expired: late usage may be of a time before that. */
const selectGrants = `
  SELECT g.org_id, g.currency, g.id, g.priority, g.valid_from, g.expires_at, g.wallet_id,
    (SELECT b.credits - b.debits FROM balance b WHERE b.account_id = o.account_id) AS left
  FROM ${books}
  JOIN open_grant o USING (org_id, currency)
  JOIN credit_grant g ON (g.org_id, g.id) = (o.org_id, o.id)`;

const selectAssignments = `
  SELECT DISTINCT ON (org_id, currency, payer_kind, payer_id) org_id, currency, payer_kind, payer_id, wallet_id
  FROM ${books} JOIN wallet_assignment USING (org_id, currency)
  ORDER BY org_id, currency, payer_kind, payer_id, number DESC`;

const selectTerms = `
  SELECT DISTINCT ON (org_id, currency, wallet_id) org_id, currency, wallet_id, kind
  FROM ${books} JOIN wallet_terms USING (org_id, currency)
  ORDER BY org_id, currency, wallet_id, number DESC`;

const bookKey = (orgId: string, currency: string) => `${orgId} ${currency}`;

function groupByBook<Row extends BookRow>(rows: readonly Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const book = bookKey(row.org_id, row.currency);
    const group = groups.get(book);
    if (group === undefined) groups.set(book, [row]);
    else group.push(row);
  }
  return groups;
}

const toGrant = ({ id, left, priority, valid_from, expires_at, wallet_id }: GrantRow): Grant => ({
  id,
  left: BigInt(left),
  priority,
  validFromMs: valid_from.getTime(),
  ...(expires_at === null ? {} : { expiresAtMs: expires_at.getTime() }),
  ...(wallet_id === null ? {} : { wallet: wallet_id }),
});
