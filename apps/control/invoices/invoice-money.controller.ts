import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { currency, identifier, instant, name } from '#contracts/cloud-event.js';
import {
  accountStatement,
  day,
  getCreditNote,
  invoicePeriod,
  issueCreditNote,
  listCreditNotes,
  payInvoice,
  statementAccount,
  statementMovement,
} from '#contracts/requests/invoices.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { moved, wallet } from '../wallets/fields.js';
import { IdempotencyKey, TakesIdempotencyKey } from '../wallets/idempotency-key.js';
import { creditNotePaper, creditPartColumns, creditPartsOf } from './credit-note-text.js';
import { AsDocument } from './document.interceptor.js';
import { documentId, documentName, documentQuery } from './document-path.js';
import {
  type CreditNoteDocument,
  creditNoteDocument,
  invoicePath,
  type InvoicePath,
  shownCreditNote,
  shownInvoice,
} from './fields.js';
import { showInvoice, showProfile } from './show-invoice.js';

const newPayment = z.strictObject({ amount: moved }).meta({ id: 'NewInvoicePayment' });
const payment = z
  .object({ invoice: shownInvoice, transactionId: z.string(), repeated: z.boolean() })
  .meta({ id: 'InvoicePayment' });
const newCreditNote = z
  .strictObject({
    amount: moved.describe('With the tax in it.'),
    reason: name(500),
    wallet: wallet.exactOptional().describe('Where what was paid already goes to. Left out: the default one.'),
  })
  .meta({ id: 'NewCreditNote' });
const issuedCreditNote = shownCreditNote.extend({ repeated: z.boolean() }).meta({ id: 'IssuedCreditNote' });
const creditNotePath = organisationPath.extend({ creditNote: documentName });
const creditNotesQuery = pageQuery.extend({ invoice: identifier.exactOptional(), format });
const creditNoteColumns = [
  ...[
    'number',
    'id',
    'invoice.number',
    'currency',
    'issuedAt',
    'amount',
    'net',
    'takenOff',
    'refunded',
    'wallet',
    'reason',
  ],
];

const statementQuery = pageQuery
  .extend({
    currency,
    from: day.describe('The first day (UTC).'),
    to: day.describe('The day after the last one: not in it.'),
    postedAsOf: instant.exactOptional().describe('As the book knew it then. Left out: now.'),
    format,
  })
  .refine((asked) => invoicePeriod.safeParse(asked).success, { path: ['to'], message: 'must be later than `from`' });
const statement = listOf(statementMovement)
  .extend({ accounts: z.array(statementAccount).describe('Of the whole range, on every page.') })
  .meta({ id: 'AccountStatement' });
const statementColumns = ['account', 'at', 'kind', 'transactionId', 'debit', 'credit', 'balance'];

/** What happens to an invoice once it is final, and what an organisation has with us in all. */
@ApiTags('invoices')
@Controller('v1/organisations/:org')
export class InvoiceMoneyController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Post('invoices/:invoice/payments')
  @Operation({
    summary: 'Book a payment of an invoice, up to what is outstanding, once per idempotency key',
    access: 'platform',
    status: 201,
    answer: payment,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  async payInvoice(
    @Param({ schema: invoicePath }) { org, invoice: id }: InvoicePath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newPayment }) { amount }: z.infer<typeof newPayment>,
  ) {
    const { invoice, ...paid } = await ask(this.nats, payInvoice, { orgId: org, id, amount, idempotencyKey });
    return { invoice: showInvoice(invoice), ...paid };
  }

  @Post('invoices/:invoice/credit-notes')
  @Operation({
    summary: 'Give back a part of an invoice or all of it, tax in proportion, once per idempotency key',
    access: 'platform',
    status: 201,
    answer: issuedCreditNote,
    refuses: [...badBody, 404, 409],
  })
  @TakesIdempotencyKey()
  async issueCreditNote(
    @Param({ schema: invoicePath }) { org, invoice: id }: InvoicePath,
    @IdempotencyKey() idempotencyKey: string,
    @Body({ schema: newCreditNote }) wanted: z.infer<typeof newCreditNote>,
  ) {
    const { orgId, ...note } = await ask(this.nats, issueCreditNote, { orgId: org, id, ...wanted, idempotencyKey });
    return { organisationId: orgId, ...note };
  }

  @Get('credit-notes')
  @Operation({
    summary: 'List credit notes, the newest first',
    access: 'organisation',
    answer: listOf(shownCreditNote),
    refuses: [400],
    csv: creditNoteColumns,
  })
  async listCreditNotes(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: creditNotesQuery }) { format: _, ...query }: z.infer<typeof creditNotesQuery>,
  ) {
    const { items, next } = await ask(this.nats, listCreditNotes, { orgId: org, ...query });
    return list(
      items.map(({ orgId, ...note }) => ({ organisationId: orgId, ...note })),
      next,
    );
  }

  @Get('credit-notes/:creditNote')
  @Operation({
    summary: 'Show a credit note: as JSON, as PDF, or what it gives back, without tax and by tax, as CSV',
    access: 'organisation',
    answer: creditNoteDocument,
    refuses: [400, 409],
  })
  @AsDocument<CreditNoteDocument>({
    paperOf: creditNotePaper,
    fileName: ({ number }) => number,
    rowsOf: creditPartsOf,
    columns: creditPartColumns,
  })
  async getCreditNote(
    @Param({ schema: creditNotePath }) { org, creditNote }: z.infer<typeof creditNotePath>,
    @Query({ schema: documentQuery }) _: z.infer<typeof documentQuery>,
  ): Promise<CreditNoteDocument> {
    const asked = { orgId: org, id: documentId(creditNote) };
    const { orgId, customer, ...note } = await ask(this.nats, getCreditNote, asked);
    return { organisationId: orgId, ...note, customer: showProfile(customer) };
  }

  @Get('statement')
  @Operation({
    summary: 'Statement of account: opening and closing balances, and the movements between them',
    access: 'organisation',
    answer: statement,
    refuses: [400],
    csv: statementColumns,
  })
  async getStatement(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: statementQuery }) { format: _, from, to, ...query }: z.infer<typeof statementQuery>,
  ) {
    const { items, next, accounts } = await ask(this.nats, accountStatement, {
      ...{ orgId: org, period: { from, to }, ...query },
    });
    return { ...list(items, next), accounts };
  }
}
