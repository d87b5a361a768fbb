import type { Pico } from '#money/pico.js';
import type { Account } from '#accounting/chart-of-accounts.js';

/** A transaction as it is handed to another accounting program. */
export interface JournalTransaction {
  readonly id: string;
  readonly orgId: string;
  readonly currency: string;
  readonly kind: string;
  readonly effectiveAt: string;
  readonly postedAt: string;
  /** `2026-07`: the month in which the book has it, and the one in which it happened. */
  readonly period: string;
  readonly belongsTo: string;
  readonly corrects?: string;
  readonly memo?: string;
  readonly postings: readonly JournalPosting[];
}

export interface JournalPosting {
  readonly id: string;
  readonly debit: Account;
  readonly credit: Account;
  readonly amount: Pico;
}

/** What an account came to, debits above zero. */
export interface JournalBalance {
  readonly account: string;
  readonly currency: string;
  readonly amount: Pico;
}

/** One way to write a journal down. */
export interface JournalFormat {
  readonly begin: string;
  transaction(transaction: JournalTransaction, date: string): string;
  /** Told of each currency before its first account, and of each account before its first transaction. */
  commodity(currency: string): string;
  open(account: string, currency: string): string;
  /** @param date the day after the last transaction. */
  end(balances: readonly JournalBalance[], date: string): string;
}

const dayMs = 86_400_000;

/** Writes transactions in the order given, and at the end what each account came to, for the reader to compare. */
export class JournalWriter {
  readonly #balances = new Map<string, JournalBalance>();
  readonly #currencies = new Set<string>();
  #latest = '1970-01-01';

  constructor(private readonly format: JournalFormat) {}

  begin(): string {
    return this.format.begin;
  }

  add(transaction: JournalTransaction): string {
    const date = dateOf(transaction);
    if (date > this.#latest) this.#latest = date;
    const opened = this.#currencies.has(transaction.currency) ? [] : [this.format.commodity(transaction.currency)];
    this.#currencies.add(transaction.currency);
    for (const { debit, credit, amount } of transaction.postings) {
      opened.push(this.#move(transaction, debit, amount), this.#move(transaction, credit, -amount));
    }
    return opened.join('') + this.format.transaction(transaction, date);
  }

  end(): string {
    const after = new Date(Date.parse(this.#latest) + dayMs).toISOString().slice(0, 10);
    return this.format.end([...this.#balances.values()], after);
  }

  #move({ orgId, currency }: JournalTransaction, account: Account, amount: Pico): string {
    const name = journalAccount(orgId, account);
    const key = `${name} ${currency}`;
    const before = this.#balances.get(key);
    this.#balances.set(key, { account: name, currency, amount: (before?.amount ?? 0n) + amount });
    return before === undefined ? this.format.open(name, currency) : '';
  }
}

/** The day on which it happened; of what came after its month had closed, the day on which it was posted. */
function dateOf({ effectiveAt, postedAt, period, belongsTo }: JournalTransaction): string {
  return (period === belongsTo ? effectiveAt : postedAt).slice(0, 10);
}

const roots = { asset: 'Assets', liability: 'Liabilities', income: 'Income', expense: 'Expenses' } as const;

/**
 * Such as `Liabilities:Org-acme:CustomerWallet:Id-research`, which every program takes: a part begins with a capital
 * letter and has letters, digits and hyphens (https://beancount.github.io/docs/beancount_language_syntax.html#accounts).
 * Two accounts never become one.
 */
export function journalAccount(orgId: string, { name, kind }: Account): string {
  const [accountClass = '', ...rest] = name.split(':');
  const title = accountClass.replaceAll(/(^|-)([a-z])/g, (_, _hyphen, letter: string) => letter.toUpperCase());
  return [roots[kind], `Org-${escaped(orgId)}`, title, ...rest.map((part) => `Id-${escaped(part)}`)].join(':');
}

/** A hyphen is doubled, so that a single one can lead what is no letter and no digit. */
const escaped = (part: string) =>
  part
    .replaceAll('-', '--')
    .replaceAll(/[^A-Za-z0-9-]/gu, (character) => `-x${(character.codePointAt(0) ?? 0).toString(16)}-`);

/** With all twelve decimals: nothing is rounded, and a reader sees how exact it is. */
export function exactAmount(amount: Pico): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(13, '0');
  return `${amount < 0n ? '-' : ''}${digits.slice(0, -12)}.${digits.slice(-12)}`;
}
