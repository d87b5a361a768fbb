import { z } from 'zod';
import { amount, count, currency, identifier, instant, name, sha256Hex } from '#contracts/cloud-event.js';
import { pageOf, pageRequest, requestContract } from '#contracts/requests/request.js';

/** A day in UTC. */
export const day = z.iso.date('not a date such as 2026-07-01');
/** Half-open: `to` is the first day that is not in it. */
export const invoicePeriod = z
  .object({ from: day, to: day })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be later than `from`' });
const idempotencyKey = z.string().regex(/^[\x21-\x7e]{1,128}$/, '1 to 128 visible ASCII characters');
const reason = name(500);
/** What people write on a letter, line by line. */
const address = z.array(name(100)).min(1).max(6);
const taxId = name(64);
/** Such as `DE` or `US-CA`: tax rates are set for it. */
const jurisdiction = identifier;

/** Who invoices. A platform has one at least; numbers run per issuer and year. */
export const issuer = z.object({
  id: identifier,
  legalName: name(200),
  address,
  taxId: taxId.exactOptional(),
  /** What the issuer's numbers begin with, such as `TG` in `TG-2026-000001`. */
  numberPrefix: z.string().regex(/^[A-Z0-9]{1,12}$/, '1 to 12 capital letters and digits'),
});
export type Issuer = z.infer<typeof issuer>;
export const defaultIssuer = 'default';

/** Where a customer is taxed, or why it is not, in words that are printed. */
export const taxation = z.union([z.object({ jurisdiction }), z.object({ exemption: name(200) })]);

export const billingProfile = z.object({
  orgId: identifier,
  issuer: identifier,
  legalName: name(200),
  address,
  email: z.email().max(254).exactOptional(),
  taxId: taxId.exactOptional(),
  taxation,
});
export type BillingProfile = z.infer<typeof billingProfile>;

export const taxMode = z.enum(['exclusive', 'inclusive']);
export const taxRate = z.object({
  jurisdiction,
  /** What invoices call it, such as `VAT`. */
  name: name(64),
  /** 0.19 is 19 %. */
  rate: z.string().regex(/^\d(\.\d{1,12})?$/, 'a decimal such as 0.19'),
  /** exclusive: comes on top of prices. inclusive: prices contain it. */
  mode: taxMode,
  /** The first day of usage that it holds for: until a later one of the same jurisdiction and name. */
  validFrom: day,
});
export type TaxRate = z.infer<typeof taxRate>;

export const setIssuer = requestContract('ledger.v1.issuer.set', issuer, issuer);
export const listIssuers = requestContract('ledger.v1.issuers', pageRequest, pageOf(issuer));
export const setBillingProfile = requestContract('ledger.v1.billing-profile.set', billingProfile, billingProfile);
export const getBillingProfile = requestContract(
  'ledger.v1.billing-profile',
  z.object({ orgId: identifier }),
  billingProfile,
);
/** A rate for the same jurisdiction, name and day again corrects it. What is invoiced stays as it is. */
export const setTaxRate = requestContract('ledger.v1.tax-rate.set', taxRate, taxRate);
export const listTaxRates = requestContract('ledger.v1.tax-rates', pageRequest, pageOf(taxRate));

export const invoiceTax = taxRate.omit({ validFrom: true }).extend({ base: amount, amount }).meta({ id: 'InvoiceTax' });

/** Why the usage may be invoiced: it was reconciled, or somebody takes the responsibility. */
export const invoiceEvidence = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reconciliation'),
    runId: identifier,
    finishedAt: instant,
    /** Where the run stopped looking: usage after it is not reconciled. */
    usageSequence: count,
    /** Absent: nothing was billed, and nothing differed. */
    grossErrorPpm: z.number().nonnegative().exactOptional(),
  }),
  z.object({
    kind: z.literal('override'),
    name: name(200),
    reason,
    /** What was overridden, in a sentence. */
    found: name(500),
  }),
]);
export type InvoiceEvidence = z.infer<typeof invoiceEvidence>;

export const invoiceState = z.enum(['draft', 'final', 'paid', 'void']);

export const invoiceAmounts = z.object({
  /** Σ charges, exactly. */
  exact: amount,
  /** Σ lines, each rounded to the minor unit once, half to even. */
  rounded: amount,
  /** rounded − exact: posted to the account `rounding`. */
  rounding: amount,
  /** All tax, on top of the lines or contained in them. */
  tax: amount,
  /** Rounded lines and the tax on top of them. */
  total: amount,
  /** What promotional credits and wallets paid for the usage when it was booked, exactly. */
  paidByCredits: amount,
  paidByWallets: amount,
  /** How much of the total credits and wallets have paid. */
  prepaid: amount,
  /** total − prepaid. */
  due: amount,
  /** Payments since. */
  paid: amount,
  /** Credit notes since. */
  credited: amount,
  /** What is still to be paid. Below zero: what we owe. */
  outstanding: amount,
});

export const invoice = z.object({
  orgId: identifier,
  id: identifier,
  state: invoiceState,
  /** Absent of a draft. */
  number: z.string().exactOptional(),
  currency,
  period: z.object({ from: day, to: day }),
  /** When it was computed, of a draft, or issued. */
  at: instant,
  /** The newest block of the book when it was computed: what is booked later is on a later invoice. */
  throughBlock: z.number().int().min(-1),
  issuer: issuer.exactOptional(),
  customer: billingProfile.exactOptional(),
  amounts: invoiceAmounts,
  taxes: z.array(invoiceTax),
  lineCount: count,
  /** The root over its lines. */
  root: sha256Hex,
  /** Of a draft: why it cannot be made final as it is, in sentences. While tax is among them, no tax is in its amounts. */
  missing: z.array(z.string()).exactOptional(),
  evidence: invoiceEvidence.exactOptional(),
  voided: z.object({ reason: z.string(), at: instant }).exactOptional(),
});
export type Invoice = z.infer<typeof invoice>;

export const invoiceLine = z.object({
  number: count,
  /** The month of usage that was booked too late for the invoice of its days. */
  lateMonth: z.string().exactOptional(),
  teamId: z.string(),
  projectId: z.string(),
  model: z.string(),
  /** Absent: adjustments, whose quantity is their number. */
  dimension: z.string().exactOptional(),
  unitPrice: amount.exactOptional(),
  quantity: z.string().regex(/^\d{1,40}$/),
  /** Σ of its charges' parts, exactly. */
  amount,
  rounded: amount,
  /** How many charges, or adjustments, are in it. */
  count,
  /** The Merkle root over them. */
  root: sha256Hex,
});
export type InvoiceLine = z.infer<typeof invoiceLine>;

const named = z.object({ orgId: identifier, id: identifier });

/** Computes a draft, or computes it again. A final invoice's id is a conflict. */
export const draftInvoice = requestContract(
  'ledger.v1.invoice.draft',
  named.extend({ currency, period: invoicePeriod }),
  invoice,
);
export const discardDraft = requestContract('ledger.v1.invoice.discard', named, invoice);
/** Makes a draft final: computed again, with the next number of its issuer. Of a final one: the answer it got. */
export const finaliseInvoice = requestContract(
  'ledger.v1.invoice.finalise',
  named.extend({ evidence: invoiceEvidence }),
  invoice,
);
export const getInvoice = requestContract('ledger.v1.invoice', named, invoice);
export const listInvoices = requestContract(
  'ledger.v1.invoices',
  pageRequest.extend({ orgId: identifier, state: invoiceState.exactOptional() }),
  pageOf(invoice),
);
export const listInvoiceLines = requestContract(
  'ledger.v1.invoice.lines',
  pageRequest.extend(named.shape),
  pageOf(invoiceLine),
);

/** Up to what is outstanding, once per idempotency key. */
export const payInvoice = requestContract(
  'ledger.v1.invoice.pay',
  named.extend({ amount, idempotencyKey }),
  z.object({ invoice, transactionId: z.string(), repeated: z.boolean() }),
);
/** Only while nothing was paid or credited. Its usage can be invoiced again. */
export const voidInvoice = requestContract('ledger.v1.invoice.void', named.extend({ reason }), invoice);

export const creditNote = z.object({
  orgId: identifier,
  id: identifier,
  number: z.string(),
  invoice: z.object({ id: identifier, number: z.string() }),
  currency,
  issuedAt: instant,
  reason: z.string(),
  /** Tax in it. */
  amount,
  net: amount,
  taxes: z.array(z.object({ jurisdiction, name: z.string(), rate: z.string(), amount })),
  /** Off what was outstanding … */
  takenOff: amount,
  /** … and what went back into this wallet. */
  refunded: amount,
  wallet: identifier,
});
export type CreditNote = z.infer<typeof creditNote>;

/** Up to what earlier credit notes left of the invoice's total, once per idempotency key. */
export const issueCreditNote = requestContract(
  'ledger.v1.credit-note.issue',
  named.extend({ amount, reason, wallet: identifier.exactOptional(), idempotencyKey }),
  creditNote.extend({ repeated: z.boolean() }),
);
/** With its issuer as it was called then, and the customer as on the invoice. */
export const getCreditNote = requestContract(
  'ledger.v1.credit-note',
  named,
  creditNote.extend({ issuer, customer: billingProfile }),
);
export const listCreditNotes = requestContract(
  'ledger.v1.credit-notes',
  pageRequest.extend({ orgId: identifier, invoice: identifier.exactOptional() }),
  pageOf(creditNote),
);

/** A charge's or an adjustment's part of a line: its leaf is the canonical JSON (RFC 8785) of these, without `hash`. */
export const linePart = z.object({
  eventId: z.string(),
  usageHash: sha256Hex,
  /** Its number, of an adjustment. */
  adjustment: count.exactOptional(),
  quantity: z.string(),
  amount,
});
export type LinePart = z.infer<typeof linePart>;

const namedLine = named.extend({ line: count });
export const listLineParts = requestContract(
  'ledger.v1.invoice.line.parts',
  pageRequest.extend(namedLine.shape),
  pageOf(linePart.extend({ hash: sha256Hex })),
);

const inclusion = z.object({ leafIndex: count, treeSize: count, path: z.array(sha256Hex), root: sha256Hex });
/** That an event is in a line, and the line in the invoice: RFC 6962 audit paths, to be followed without us. */
export const inclusionProof = z.object({
  part: linePart,
  inLine: inclusion,
  /** The leaf of the line in the invoice's tree, as it is hashed. */
  lineLeaf: z.string(),
  inInvoice: inclusion,
});
export type InclusionProof = z.infer<typeof inclusionProof>;
export const proveInclusion = requestContract(
  'ledger.v1.invoice.line.proof',
  namedLine.extend({ eventId: z.string().max(128), adjustment: count.exactOptional() }),
  inclusionProof,
);

export const statementAccount = z.object({
  account: z.string(),
  opening: amount,
  debits: amount,
  credits: amount,
  closing: amount,
});
export const statementMovement = z.object({
  account: z.string(),
  /** Of usage: the start of its day, whose charges are one movement. */
  at: instant,
  kind: z.string(),
  /** Absent of usage. */
  transactionId: z.string().exactOptional(),
  debit: amount,
  credit: amount,
  /** On the account's normal side, with this movement. */
  balance: amount,
});
/**
 * What an organisation has with us: its wallets, credits and what it owes, by when things happened, as the book knew them
 * at `postedAsOf`. Each page has the sums of the whole range.
 */
export const accountStatement = requestContract(
  'ledger.v1.statement',
  pageRequest.extend({ orgId: identifier, currency, period: invoicePeriod, postedAsOf: instant.exactOptional() }),
  pageOf(statementMovement).extend({ accounts: z.array(statementAccount) }),
);
