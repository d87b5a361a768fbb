import { Controller } from '@nestjs/common';
import type { z } from 'zod';
import {
  accountStatement,
  type CreditNote,
  discardDraft,
  draftInvoice,
  finaliseInvoice,
  getBillingProfile,
  getCreditNote,
  getInvoice,
  type Invoice,
  type InvoiceLine,
  issueCreditNote,
  listCreditNotes,
  listInvoiceLines,
  listInvoices,
  listIssuers,
  listLineParts,
  listTaxRates,
  payInvoice,
  proveInclusion,
  setBillingProfile,
  setIssuer,
  setTaxRate,
  voidInvoice,
} from '#contracts/requests/invoices.js';
import { Answers } from '#jetstream/handlers.js';
import { RequestFailure } from '#jetstream/request-failure.js';
import { exampleCreditNote, exampleDocument, exampleLine } from './invoice-document.fixture.js';

type Asked<Contract extends { request: z.ZodType }> = z.output<Contract['request']>;

const { organisationId: _, customer, lines: __, evidence, number = '', issuer, ...rest } = exampleDocument();
if (customer === undefined || issuer === undefined) throw new Error('The example has both.');
const { organisationId: ___, ...profile } = customer;
const exampleIssuer = issuer;

/** `july` is final, `draft` a draft, and there is no other. */
function invoiceOf(orgId: string, id: string): Invoice {
  const invoice = { ...rest, orgId, id, lineCount: 3, issuer: exampleIssuer, customer: { orgId, ...profile } };
  if (id === 'draft') return { ...invoice, state: 'draft' };
  if (id !== 'july') throw new RequestFailure('not_found', `There is no invoice "${id}".`);
  return { ...invoice, number, ...(evidence === undefined ? {} : { evidence }) };
}

function lineOf(number: number): InvoiceLine {
  const { teamName: _, projectName: __, ...line } = exampleLine({ number, model: `=model-${number}` });
  return line;
}

const { organisationId: _ofNote, issuer: _issuer, customer: _customer, ...note } = exampleCreditNote();
const creditNoteOf = (orgId: string): CreditNote => ({ orgId, ...note });

/** What the ledger answers about invoices, as its contracts say. It keeps what it was asked. */
@Controller()
export class InvoiceAnswers {
  readonly asked: unknown[] = [];

  @Answers(draftInvoice)
  draft({ orgId, ...request }: Asked<typeof draftInvoice>) {
    this.asked.push({ orgId, ...request });
    return { ...invoiceOf(orgId, 'draft'), id: request.id, period: request.period };
  }

  @Answers(discardDraft)
  discard({ orgId, id }: Asked<typeof discardDraft>) {
    return invoiceOf(orgId, id);
  }

  @Answers(finaliseInvoice)
  finalise(request: Asked<typeof finaliseInvoice>) {
    this.asked.push(request);
    return { ...invoiceOf(request.orgId, 'july'), id: request.id, evidence: request.evidence };
  }

  @Answers(getInvoice)
  invoice({ orgId, id }: Asked<typeof getInvoice>) {
    return invoiceOf(orgId, id);
  }

  @Answers(listInvoices)
  invoices({ orgId }: Asked<typeof listInvoices>) {
    return { items: [invoiceOf(orgId, 'july'), invoiceOf(orgId, 'draft')] };
  }

  @Answers(listInvoiceLines)
  lines({ orgId, id, after }: Asked<typeof listInvoiceLines>) {
    invoiceOf(orgId, id);
    return after === undefined ? { items: [lineOf(1), lineOf(2)], next: '2' } : { items: [lineOf(3)] };
  }

  @Answers(payInvoice)
  pay({ orgId, id, ...request }: Asked<typeof payInvoice>) {
    this.asked.push({ orgId, id, ...request });
    return { invoice: invoiceOf(orgId, id), transactionId: 't', repeated: false };
  }

  @Answers(voidInvoice)
  void({ orgId, id, reason }: Asked<typeof voidInvoice>) {
    return { ...invoiceOf(orgId, id), state: 'void' as const, voided: { reason, at: rest.at } };
  }

  @Answers(issueCreditNote)
  credit({ orgId, ...request }: Asked<typeof issueCreditNote>) {
    this.asked.push({ orgId, ...request });
    return { ...creditNoteOf(orgId), repeated: false };
  }

  @Answers(getCreditNote)
  creditNote({ orgId, id }: Asked<typeof getCreditNote>) {
    if (id !== note.id) throw new RequestFailure('not_found', `There is no credit note "${id}".`);
    return { ...creditNoteOf(orgId), issuer: exampleIssuer, customer: { orgId, ...profile } };
  }

  @Answers(listCreditNotes)
  creditNotes({ orgId }: Asked<typeof listCreditNotes>) {
    return { items: [creditNoteOf(orgId)] };
  }

  @Answers(listLineParts)
  parts() {
    const part = { eventId: 'e', usageHash: 'a'.repeat(64), quantity: '1', amount: '0.01' };
    return { items: [{ ...part, hash: 'b'.repeat(64) }] };
  }

  @Answers(proveInclusion)
  prove({ eventId }: Asked<typeof proveInclusion>) {
    const alone = { leafIndex: 0, treeSize: 1, path: [], root: 'c'.repeat(64) };
    const part = { eventId, usageHash: 'a'.repeat(64), quantity: '1', amount: '0.01' };
    return { part, inLine: alone, lineLeaf: '{}', inInvoice: alone };
  }

  @Answers(accountStatement)
  statement(request: Asked<typeof accountStatement>) {
    this.asked.push(request);
    const movement = {
      account: 'receivable',
      at: rest.at,
      kind: 'invoice',
      transactionId: 't',
      debit: '1',
      credit: '0',
    };
    const account = { account: 'receivable', opening: '0', debits: '1', credits: '0', closing: '1' };
    return { items: [{ ...movement, balance: '1' }], accounts: [account] };
  }

  @Answers(setIssuer)
  setIssuer(request: Asked<typeof setIssuer>) {
    return request;
  }

  @Answers(listIssuers)
  issuers() {
    return { items: [exampleIssuer] };
  }

  @Answers(setBillingProfile)
  setProfile(request: Asked<typeof setBillingProfile>) {
    this.asked.push(request);
    return request;
  }

  @Answers(getBillingProfile)
  profile({ orgId }: Asked<typeof getBillingProfile>) {
    return { orgId, ...profile };
  }

  @Answers(setTaxRate)
  setRate(request: Asked<typeof setTaxRate>) {
    return request;
  }

  @Answers(listTaxRates)
  rates() {
    const rate = { jurisdiction: 'DE', name: 'VAT', rate: '0.19', mode: 'exclusive' as const, validFrom: '2007-01-01' };
    return { items: [rate] };
  }
}
