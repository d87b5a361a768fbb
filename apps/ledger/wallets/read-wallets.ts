import type { DataSource, EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { listWallets, WalletState, WalletTerms } from '#contracts/requests/wallets.js';
import { formatAmount, type Pico } from '#money/pico.js';
import { cursorOf, pageSize, toPage } from '../page.js';
import type { WalletName } from './find-wallet.js';

interface WalletRow {
  readonly org_id: string;
  readonly id: string;
  readonly currency: string;
  readonly name: string | null;
  readonly kind: WalletTerms['kind'] | null;
  readonly credit_limit: string | null;
  readonly money: string;
  readonly unbilled: string;
  readonly credits: string;
}

/**
 * Every wallet of organisation $1 with its money, in one snapshot. The only reading of a wallet's balance: whoever shows,
 * checks or bills one reads it here. Accounts are named by libs/accounting/chart-of-accounts.ts: the part after the
 * colon is the wallet, and the default one has none. The accounts of grants, one to each ever made, are left out by their
 * names: what a grant moves stands in promotion-expense too, so that no currency is missed.
 */
const wallets = `
  WITH money AS (
    SELECT coalesce(nullif(split_part(a.name, ':', 2), ''), 'default') AS id, a.currency,
      coalesce(sum(b.credits - b.debits) FILTER (WHERE a.kind = 'liability'), 0) AS money,
      coalesce(sum(b.debits - b.credits) FILTER (WHERE a.kind = 'asset'), 0) AS unbilled
    FROM account a JOIN balance b ON b.account_id = a.id
    WHERE a.org_id = $1 AND (a.name LIKE 'customer-wallet%' OR a.name LIKE 'unbilled-receivable%')
      AND split_part(a.name, ':', 1) IN ('customer-wallet', 'unbilled-receivable')
    GROUP BY 1, 2
  ), listed AS (
    SELECT id, currency FROM wallet WHERE org_id = $1
    UNION SELECT 'default', currency FROM account
      WHERE org_id = $1 AND (name < 'customer-credits:' OR name >= 'customer-credits;')
  )
  SELECT $1::text AS org_id, l.id, l.currency, w.name, terms.kind, terms.credit_limit,
    coalesce(m.money, 0) AS money, coalesce(m.unbilled, 0) AS unbilled, credits.amount AS credits
  FROM listed l
  LEFT JOIN wallet w ON (w.org_id, w.id, w.currency) = ($1, l.id, l.currency)
  LEFT JOIN money m ON (m.id, m.currency) = (l.id, l.currency)
  LEFT JOIN LATERAL (
    SELECT t.kind, t.credit_limit FROM wallet_terms t
    WHERE (t.org_id, t.wallet_id, t.currency) = ($1, l.id, l.currency) ORDER BY t.number DESC LIMIT 1
  ) AS terms ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum((SELECT b.credits - b.debits FROM balance b WHERE b.account_id = o.account_id)), 0) AS amount
    FROM open_grant o JOIN credit_grant g USING (org_id, id)
    WHERE o.org_id = $1 AND o.currency = l.currency AND (g.wallet_id IS NULL OR g.wallet_id = l.id)
      AND g.valid_from <= now() AND (g.expires_at IS NULL OR g.expires_at > now())
  ) AS credits`;

/** An organisation's wallets by id and currency, the default one in each currency that its book knows. */
export async function readWallets(
  source: DataSource,
  request: z.infer<typeof listWallets.request>,
): Promise<z.infer<typeof listWallets.reply>> {
  const size = pageSize(request);
  const rows = await source.query<WalletRow[]>(
    `${wallets}
     WHERE $2::text IS NULL OR (l.id, l.currency) > ($2, $3)
     ORDER BY l.id, l.currency LIMIT $4`,
    [request.orgId, ...cursorOf(request, 2), size + 1],
  );
  return toPage(rows, size, (row) => [row.id, row.currency], toWallet);
}

/** One wallet. A default one that nothing was said or posted of is empty and prepaid. */
export async function readWallet(db: EntityManager, { orgId, wallet, currency }: WalletName): Promise<WalletState> {
  const [row] = await db.query<WalletRow[]>(`${wallets} WHERE (l.id, l.currency) = ($2, $3)`, [
    orgId,
    wallet,
    currency,
  ]);
  const nothing = { name: null, kind: null, credit_limit: null, money: '0', unbilled: '0', credits: '0' };
  return toWallet(row ?? { org_id: orgId, id: wallet, currency, ...nothing });
}

function toWallet({ org_id, id, currency, name, ...row }: WalletRow): WalletState {
  const [money, credits, unbilled] = [BigInt(row.money), BigInt(row.credits), BigInt(row.unbilled)];
  return {
    orgId: org_id,
    id,
    currency,
    ...(name === null ? {} : { name }),
    terms: termsOf(row),
    money: formatAmount(money),
    credits: formatAmount(credits),
    unbilled: formatAmount(unbilled),
    balance: formatAmount(money + credits - unbilled),
  };
}

/** Until terms are set, a wallet is prepaid. */
function termsOf({ kind, credit_limit: limit }: Pick<WalletRow, 'kind' | 'credit_limit'>): WalletTerms {
  return kind === 'postpaid' && limit !== null
    ? { kind, creditLimit: formatAmount(BigInt(limit) satisfies Pico) }
    : { kind: 'prepaid' };
}
