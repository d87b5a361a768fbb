import type { Pico } from '#money/pico.js';
import { customerWallet } from '../chart-of-accounts.js';
import type { Posting } from '../posting-rules.js';
import { receivable, salesCredits, taxPayable } from './invoice-accounts.js';
import { roundRatio } from './round.js';

/** A tax of an invoice and what earlier credit notes took back of it. */
export interface CreditedTax {
  readonly jurisdiction: string;
  readonly amount: Pico;
  readonly creditedBefore: Pico;
}

/** An invoice with what earlier credit notes took back of it, tax in both. */
export interface CreditedInvoice {
  readonly total: Pico;
  readonly creditedBefore: Pico;
  readonly taxes: readonly CreditedTax[];
}

export interface Credit {
  readonly net: Pico;
  /** In the order of the invoice's taxes. */
  readonly taxes: readonly Pico[];
}

/**
 * A part of an invoice, with tax in proportion to what is credited in all: after the last credit note exactly the
 * invoice's tax is taken back, however it was cut. A tax below zero, which stays with the net, is none to give back.
 * @param amount payable, above zero and no more than is left.
 */
export function splitCredit(unit: Pico, invoice: CreditedInvoice, amount: Pico): Credit {
  const { total, creditedBefore, taxes } = invoice;
  const left = taxes.map((tax) => max(tax.amount - tax.creditedBefore, 0n));
  // What net and the taxes still to come could take: a tax takes at least what they could not.
  let others = total - creditedBefore;
  let rest = amount;
  const parts = taxes.map((tax, index) => {
    const most = left[index] ?? 0n;
    others -= most;
    const inProportion = roundRatio(unit, tax.amount * (creditedBefore + amount), total) - tax.creditedBefore;
    const part = min(max(inProportion, rest - others, 0n), most, rest);
    rest -= part;
    return part;
  });
  return { net: rest, taxes: parts };
}

export interface CreditNoteTarget {
  /** What is still owed on the invoice: that is taken off first. */
  readonly outstanding: Pico;
  /** What was paid already goes back to it. */
  readonly wallet: string;
}

export function postCreditNote(
  { taxes }: CreditedInvoice,
  credit: Credit,
  { outstanding, wallet }: CreditNoteTarget,
): Posting[] {
  const sources = [
    { debit: salesCredits, amount: credit.net },
    ...taxes.map(({ jurisdiction }, index) => ({ debit: taxPayable(jurisdiction), amount: credit.taxes[index] ?? 0n })),
  ];
  let owed = max(outstanding, 0n);
  return sources.flatMap(({ debit, amount }) => {
    const takenOff = min(amount, owed);
    owed -= takenOff;
    return [
      { debit, credit: receivable, amount: takenOff },
      { debit, credit: customerWallet(wallet), amount: amount - takenOff },
    ].filter((posting) => posting.amount > 0n);
  });
}

const max = (...amounts: [Pico, ...Pico[]]) => amounts.reduce((most, amount) => (amount > most ? amount : most));
const min = (...amounts: [Pico, ...Pico[]]) => amounts.reduce((least, amount) => (amount < least ? amount : least));
