import type { Pico } from '#money/pico.js';
import { type Account, customerWallet, defaultWallet, unbilledReceivable } from '../chart-of-accounts.js';
import type { Posting } from '../posting-rules.js';
import { receivable, rounding, taxIncluded, taxPayable } from './invoice-accounts.js';
import { type InvoiceTax, sumOf } from './invoice-tax.js';
import { distribute, roundRatio } from './round.js';

/** Who has paid for the invoiced usage when it was booked, exactly, and who owes it. Below zero where more was given back. */
export interface Funding {
  /** By wallet. */
  readonly wallets: ReadonlyMap<string, Pico>;
  /** Promotional credits, whichever grants they were of. */
  readonly credits: Pico;
  /** By postpaid wallet. */
  readonly unbilled: ReadonlyMap<string, Pico>;
}

export interface InvoiceSums {
  /** Σ lines, exactly. */
  readonly exact: Pico;
  /** Σ lines, each rounded to the minor unit. */
  readonly rounded: Pico;
  readonly taxes: readonly InvoiceTax[];
}

export interface Settlement {
  /** What the invoice comes to: rounded lines and the tax on top of them. */
  readonly total: Pico;
  /** How much of it credits and prepaid wallets have paid. */
  readonly prepaid: Pico;
  /** The rest, which is owed. */
  readonly due: Pico;
  readonly postings: readonly Posting[];
}

/**
 * What becomes of an invoice: what was owed unbilled is owed by invoice now, and rounding and tax go to whoever pays the
 * usage, wallets and receivable in proportion. What wallets and credits pay, and what is owed, are both payable amounts.
 * Credits give what they gave for usage; rounding and tax of their part are the default wallet's.
 */
export function settleInvoice(unit: Pico, { exact, rounded, taxes }: InvoiceSums, funding: Funding): Settlement {
  const paid = sum(funding.wallets.values()) + funding.credits;
  const owed = sum(funding.unbilled.values());
  if (paid + owed !== exact) throw new Error('The postings of invoiced charges are not the sum of its lines.');
  const shares = new Shares(unit, paid, owed);
  const prepaidUsage = shares.prepaidUsage(rounded - exact);
  const moves = [
    ...[...funding.unbilled].flatMap(([wallet, amount]) => move(receivable, unbilledReceivable(wallet), amount)),
    ...move(receivable, rounding, rounded - prepaidUsage - owed),
    ...fromWallets(rounding, prepaidUsage - paid, funding),
  ];
  let prepaid = prepaidUsage;
  for (const { jurisdiction, mode, amount } of taxes) {
    const authority = taxPayable(jurisdiction);
    if (mode === 'inclusive') {
      moves.push(...move(taxIncluded, authority, amount));
      continue;
    }
    const ofWallets = shares.prepaidTax(amount);
    prepaid += ofWallets;
    moves.push(...fromWallets(authority, ofWallets, funding), ...move(receivable, authority, amount - ofWallets));
  }
  const total = rounded + sumOf(taxes, 'exclusive');
  return { total, prepaid, due: total - prepaid, postings: mergeMoves(moves) };
}

/** How rounding and tax are shared between who has paid and who owes. */
class Shares {
  readonly #weight: bigint;
  readonly #all: bigint;
  constructor(
    readonly unit: Pico,
    readonly paid: Pico,
    owed: Pico,
  ) {
    this.#weight = abs(paid);
    this.#all = abs(paid) + abs(owed);
  }

  /** What was paid, with its share of the rounding of lines, as a payable amount. Whole, if nothing is owed. */
  prepaidUsage(remainder: Pico): Pico {
    if (this.#all === 0n) return 0n;
    return roundRatio(this.unit, this.paid * this.#all + remainder * this.#weight, this.#all);
  }

  prepaidTax(amount: Pico): Pico {
    return this.#all === 0n ? 0n : roundRatio(this.unit, amount * this.#weight, this.#all);
  }
}

/** An amount from the wallets to an account, shared as they have shared the usage. */
function fromWallets(to: Account, amount: Pico, { wallets, credits }: Funding): Posting[] {
  if (amount === 0n) return [];
  const weights = new Map([...wallets].map(([wallet, paid]) => [wallet, abs(paid)]));
  weights.set(defaultWallet, (weights.get(defaultWallet) ?? 0n) + abs(credits));
  const names = [...weights.keys()].sort();
  const parts = distribute(
    amount,
    names.map((wallet) => weights.get(wallet) ?? 0n),
  );
  return names.flatMap((wallet, index) => move(customerWallet(wallet), to, parts[index] ?? 0n));
}

/** From debit to credit; an amount below zero goes the other way, and nothing goes nowhere. */
function move(debit: Account, credit: Account, amount: Pico): Posting[] {
  if (amount === 0n) return [];
  return [amount > 0n ? { debit, credit, amount } : { debit: credit, credit: debit, amount: -amount }];
}

/** One posting per pair of accounts. */
function mergeMoves(postings: readonly Posting[]): Posting[] {
  const merged = new Map<string, Posting>();
  for (const posting of postings) {
    const pair = JSON.stringify([posting.debit.name, posting.credit.name]);
    merged.set(pair, { ...posting, amount: (merged.get(pair)?.amount ?? 0n) + posting.amount });
  }
  return [...merged.values()];
}

/** A voided invoice's movements, taken back. */
export function reversePostings(postings: readonly Posting[]): Posting[] {
  return postings.map(({ debit, credit, amount }) => ({ debit: credit, credit: debit, amount }));
}

const abs = (amount: Pico) => (amount < 0n ? -amount : amount);
const sum = (amounts: Iterable<Pico>) => [...amounts].reduce((total, amount) => total + amount, 0n);
