import type { EntityManager } from 'typeorm';
import { freeMoney, type LeasedWallet, leftInWallet, type SpendingLimit } from '#accounting/decide-admission.js';
import { type BudgetCalendar, periodAt } from '#accounting/budget-period.js';
import { scopesOf, type Spender } from '#accounting/sum-spending.js';
import type { BudgetScope } from '#contracts/requests/budgets.js';
import type { LimitName } from '#contracts/requests/leases.js';
import { parseAmount, type Pico } from '#money/pico.js';
import type { WalletName } from '../wallets/find-wallet.js';
import { type Book, type Payers, readPayers } from '../wallets/read-payers.js';
import { readWallet } from '../wallets/read-wallets.js';

export interface Limits {
  /** The wallet that pays for this path. */
  readonly wallet: string;
  readonly limits: readonly SpendingLimit<LimitName>[];
}

/**
 * What bounds spending on a path: its wallet, and every hard budget of the organisation, team, project and key, less what
 * is spent and what open leases hold. To be called in a turn: it holds until that commits.
 */
export async function readLimits(db: EntityManager, path: Spender, at: Date): Promise<Limits> {
  const payers = (await readPayers(db, [path]))(path);
  const wallet = payers.walletOf(path).id;
  const holds = await readHolds(db, path, at);
  const left = await readLeftInWallet(db, { book: path, wallet, payers, holds, at });
  return {
    wallet,
    limits: [{ name: { kind: 'wallet', wallet }, left }, ...(await readBudgetLimits(db, path, holds, at))],
  };
}

/** The part of a wallet's own money that no open lease holds. To be called in a turn: it holds until that commits. */
export async function readFreeMoney(db: EntityManager, { wallet, ...book }: WalletName): Promise<Pico> {
  // Not the database transaction's time, which may have waited for its turn.
  const [clock] = await db.query<{ at: Date }[]>('SELECT clock_timestamp() AS at');
  if (clock === undefined) throw new Error('The database does not say what time it is.');
  const payers = (await readPayers(db, [book]))(book);
  const holds = await readHolds(db, book, clock.at);
  const left = await readLeftInWallet(db, { book, wallet, payers, holds, at: clock.at });
  const { money } = await readWallet(db, { ...book, wallet });
  return freeMoney(parseAmount(money), heldOf(holds, wallet), left);
}

/** What open leases hold of one wallet: in all, and on the scopes of the path. */
type HoldsOfWallet = { readonly wallet: string } & Readonly<Record<BudgetScope, Pico>>;

const heldOf = (holds: readonly HoldsOfWallet[], wallet: string): Pico =>
  holds.find((one) => one.wallet === wallet)?.organisation ?? 0n;

/** @param path without scopes, nothing is held on them. */
async function readHolds(db: EntityManager, path: Book & Partial<Spender>, at: Date): Promise<HoldsOfWallet[]> {
  const rows = await db.query<({ wallet: string } & Record<BudgetScope, string>)[]>(
    `SELECT wallet_id AS wallet, sum(amount - used) AS organisation,
       coalesce(sum(amount - used) FILTER (WHERE team_id = $4), 0) AS team,
       coalesce(sum(amount - used) FILTER (WHERE project_id = $5), 0) AS project,
       coalesce(sum(amount - used) FILTER (WHERE key_id = $6), 0) AS key
     FROM lease WHERE org_id = $1 AND currency = $2 AND expires_at > $3 AND amount > used
     GROUP BY wallet_id`,
    [path.orgId, path.currency, at, path.teamId, path.projectId, path.keyId],
  );
  return rows.map(({ wallet, organisation, team, project, key }) => ({
    wallet,
    organisation: BigInt(organisation),
    team: BigInt(team),
    project: BigInt(project),
    key: BigInt(key),
  }));
}

interface WalletQuestion {
  readonly book: Book;
  readonly wallet: string;
  readonly payers: Payers;
  readonly holds: readonly HoldsOfWallet[];
  readonly at: Date;
}

async function readLeftInWallet(db: EntityManager, { book, wallet, payers, holds, at }: WalletQuestion): Promise<Pico> {
  const atMs = at.getTime();
  const valid = payers.grants.filter(
    ({ validFromMs, expiresAtMs = Infinity }) => validFromMs <= atMs && atMs < expiresAtMs,
  );
  const granted = (to: string | undefined) =>
    valid.filter((grant) => grant.wallet === to).reduce((sum, grant) => sum + grant.left, 0n);
  const readLeased = async (id: string): Promise<LeasedWallet> => {
    const { money, unbilled, terms } = await readWallet(db, { orgId: book.orgId, wallet: id, currency: book.currency });
    const credit = terms.kind === 'postpaid' ? parseAmount(terms.creditLimit) : 0n;
    return { own: parseAmount(money) - parseAmount(unbilled) + credit + granted(id), held: heldOf(holds, id) };
  };
  const others: LeasedWallet[] = [];
  const shared = granted(undefined);
  // Only a grant that they may use too makes other wallets matter.
  if (shared > 0n) for (const other of holds) if (other.wallet !== wallet) others.push(await readLeased(other.wallet));
  return leftInWallet(await readLeased(wallet), others, shared);
}

type BudgetRow = { readonly id: string; readonly amount: string; readonly spent: string } & {
  readonly scope: BudgetScope;
  readonly period: BudgetCalendar['period'];
  readonly time_zone: string;
};

async function readBudgetLimits(
  db: EntityManager,
  path: Spender,
  holds: readonly HoldsOfWallet[],
  at: Date,
): Promise<SpendingLimit<LimitName>[]> {
  const scopes = scopesOf(path);
  const rows = await db.query<BudgetRow[]>(
    `SELECT b.id, b.scope, b.period, b.time_zone, b.amount, coalesce(s.spent, 0) AS spent
     FROM unnest($3::text[], $4::text[]) AS path (scope, scope_id)
     JOIN budget_in_force b USING (scope, scope_id)
     LEFT JOIN budget_spent s
       ON (s.org_id, s.budget_id) = (b.org_id, b.id) AND s.period_start <= $5 AND s.period_end > $5
     WHERE b.org_id = $1 AND b.currency = $2 AND b.enforcement = 'hard' AND NOT b.archived`,
    [path.orgId, path.currency, scopes.map(({ scope }) => scope), scopes.map(({ scopeId }) => scopeId), at],
  );
  return rows.map(({ id, scope, period, time_zone: timeZone, amount, spent }) => {
    const held = holds.reduce((sum, one) => sum + one[scope], 0n);
    const { endMs } = periodAt({ period, timeZone }, at.getTime());
    const left = BigInt(amount) - BigInt(spent) - held;
    const name = { kind: 'budget', budgetId: id } as const;
    if (endMs === Infinity) return { name, left };
    return { name: { ...name, resetsAt: new Date(endMs).toISOString() }, left, resetsAtMs: endMs };
  });
}
