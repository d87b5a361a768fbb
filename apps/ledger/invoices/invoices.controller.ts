import { Controller, Inject } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { z } from 'zod';
import {
  accountStatement,
  discardDraft,
  draftInvoice,
  finaliseInvoice,
  getCreditNote,
  getInvoice,
  issueCreditNote,
  listCreditNotes,
  listInvoiceLines,
  listInvoices,
  listLineParts,
  payInvoice,
  proveInclusion,
  voidInvoice,
} from '#contracts/requests/invoices.js';
import { Answers } from '#jetstream/handlers.js';
import { answer } from '../answer.js';
import { creditInvoice } from './credit-invoice.js';
import { makeDraft, removeDraft } from './draft-invoice.js';
import { makeFinal } from './finalise-invoice.js';
import { readInvoices, readLines } from './list-invoices.js';
import { bookPayment } from './pay-invoice.js';
import { proveOnInvoice, readLineParts } from './prove-line.js';
import { readCreditNote, readCreditNotes } from './read-credit-notes.js';
import { readInvoice } from './read-invoice.js';
import { readStatement } from './read-statement.js';
import { makeVoid } from './void-invoice.js';

@Controller()
export class InvoicesController {
  constructor(@Inject(DataSource) private readonly source: DataSource) {}

  @Answers(draftInvoice)
  draft(request: z.infer<typeof draftInvoice.request>) {
    return answer(makeDraft(this.source, request));
  }

  @Answers(discardDraft)
  discard(request: z.infer<typeof discardDraft.request>) {
    return answer(removeDraft(this.source, request));
  }

  @Answers(finaliseInvoice)
  finalise(request: z.infer<typeof finaliseInvoice.request>) {
    return answer(makeFinal(this.source, request));
  }

  @Answers(getInvoice)
  invoice(request: z.infer<typeof getInvoice.request>) {
    return answer(readInvoice(this.source, request));
  }

  @Answers(listInvoices)
  invoices(request: z.infer<typeof listInvoices.request>) {
    return answer(readInvoices(this.source, request));
  }

  @Answers(listInvoiceLines)
  lines(request: z.infer<typeof listInvoiceLines.request>) {
    return answer(readLines(this.source, request));
  }

  @Answers(payInvoice)
  pay(request: z.infer<typeof payInvoice.request>) {
    return answer(bookPayment(this.source, request));
  }

  @Answers(voidInvoice)
  void(request: z.infer<typeof voidInvoice.request>) {
    return answer(makeVoid(this.source, request));
  }

  @Answers(issueCreditNote)
  credit(request: z.infer<typeof issueCreditNote.request>) {
    return answer(creditInvoice(this.source, request));
  }

  @Answers(getCreditNote)
  creditNote(request: z.infer<typeof getCreditNote.request>) {
    return answer(readCreditNote(this.source, request));
  }

  @Answers(listCreditNotes)
  creditNotes(request: z.infer<typeof listCreditNotes.request>) {
    return answer(readCreditNotes(this.source, request));
  }

  @Answers(listLineParts)
  parts(request: z.infer<typeof listLineParts.request>) {
    return answer(readLineParts(this.source, request));
  }

  @Answers(proveInclusion)
  prove(request: z.infer<typeof proveInclusion.request>) {
    return answer(proveOnInvoice(this.source, request));
  }

  @Answers(accountStatement)
  statement(request: z.infer<typeof accountStatement.request>) {
    return answer(readStatement(this.source, request));
  }
}
