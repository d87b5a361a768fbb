import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Delete, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { uuidv7 } from 'uuidv7';
import { z } from 'zod';
import { currency, name } from '#contracts/cloud-event.js';
import {
  discardDraft,
  draftInvoice,
  finaliseInvoice,
  getInvoice,
  invoiceState,
  listInvoiceLines,
  listInvoices,
  voidInvoice,
} from '#contracts/requests/invoices.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { ApiError } from '../errors/api-error.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { chosenId, type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { decideEvidence, evidenceOf } from './decide-evidence.js';
import { AsDocument } from './document.interceptor.js';
import { documentId, documentName, documentQuery } from './document-path.js';
import {
  type InvoiceDocument,
  invoiceDocument,
  invoicePath,
  lineColumns,
  type InvoicePath,
  periodOf,
  readPeriod,
  shownInvoice,
  shownLine,
} from './fields.js';
import { findLastRun } from './find-last-run.js';
import { invoicePaper } from './invoice-text.js';
import { nameLines, readDocument } from './read-document.js';
import { showInvoice } from './show-invoice.js';

/** A month of millions of charges is added up anew. */
const computeTimeoutMs = 600_000;

const newInvoice = z
  .strictObject({
    id: chosenId.describe('Chosen again, the draft is computed again.'),
    currency,
    ...periodOf,
  })
  .refine((asked) => readPeriod(asked) !== undefined, {
    path: ['month'],
    message: 'give a month, or else `from` and a later `to`',
  })
  .meta({ id: 'NewInvoice' });
const finalisation = z
  .strictObject({
    override: z
      .strictObject({ name: name(200), reason: name(500) })
      .exactOptional()
      .describe(
        'Who takes the responsibility although reconciliation does not allow it, and why. Stored with the invoice.',
      ),
  })
  .meta({ id: 'InvoiceFinalisation' });
const voiding = z.strictObject({ reason: name(500) }).meta({ id: 'InvoiceVoiding' });
const invoicesQuery = pageQuery.extend({ state: invoiceState.exactOptional(), format });
const linesQuery = pageQuery.extend({ format });
const documentPath = organisationPath.extend({ invoice: documentName });

const invoiceColumns = [
  ...['id', 'number', 'state', 'currency', 'period.from', 'period.to', 'at', 'amounts.exact', 'amounts.rounded'],
  ...['amounts.tax', 'amounts.total', 'amounts.prepaid', 'amounts.due', 'amounts.paid', 'amounts.credited'],
  ...['amounts.outstanding', 'lineCount', 'root'],
];
@ApiTags('invoices')
@Controller('v1/organisations/:org/invoices')
export class InvoicesController {
  constructor(
    @Inject(NATS_CONNECTION) private readonly nats: NatsConnection,
    @Inject(DataSource) private readonly source: DataSource,
  ) {}

  @Post()
  @Operation({
    summary: 'Compute a draft of an invoice. It has no number, posts nothing, and its days need not be over',
    access: 'platform',
    status: 201,
    answer: shownInvoice,
    refuses: [...badBody, 404, 409],
  })
  async draftInvoice(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newInvoice }) { id = uuidv7(), currency, ...asked }: z.infer<typeof newInvoice>,
  ) {
    const period = readPeriod(asked);
    if (period === undefined) throw new Error('A period that was validated is none.');
    const question = { orgId: org, id, currency, period };
    return showInvoice(await ask(this.nats, draftInvoice, question, { timeoutMs: computeTimeoutMs }));
  }

  @Get()
  @Operation({
    summary: 'List invoices and drafts, the newest first',
    access: 'organisation',
    answer: listOf(shownInvoice),
    refuses: [400],
    csv: invoiceColumns,
  })
  async listInvoices(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: invoicesQuery }) { format: _, ...query }: z.infer<typeof invoicesQuery>,
  ) {
    const { items, next } = await ask(this.nats, listInvoices, { orgId: org, ...query });
    return list(items.map(showInvoice), next);
  }

  @Get(':invoice')
  @Operation({
    summary: 'Show an invoice with its lines: as JSON, as PDF, or its lines as CSV',
    access: 'organisation',
    answer: invoiceDocument,
    refuses: [400, 409],
  })
  @AsDocument<InvoiceDocument>({
    paperOf: invoicePaper,
    fileName: ({ number, id }) => number ?? `draft-${id}`,
    rowsOf: ({ lines }) => lines,
    columns: lineColumns,
  })
  getInvoice(
    @Param({ schema: documentPath }) { org, invoice }: z.infer<typeof documentPath>,
    @Query({ schema: documentQuery }) _: z.infer<typeof documentQuery>,
  ) {
    return readDocument({ nats: this.nats, source: this.source }, org, documentId(invoice));
  }

  @Get(':invoice/lines')
  @Operation({
    summary: 'The lines of an invoice',
    access: 'organisation',
    answer: listOf(shownLine),
    refuses: [400],
    csv: lineColumns,
  })
  async listInvoiceLines(
    @Param({ schema: invoicePath }) { org, invoice }: InvoicePath,
    @Query({ schema: linesQuery }) { format: _, ...page }: z.infer<typeof linesQuery>,
  ) {
    const { items, next } = await ask(this.nats, listInvoiceLines, { orgId: org, id: invoice, ...page });
    return list(await nameLines(this.source, org, items), next);
  }

  @Delete(':invoice')
  @Operation({
    summary: 'Discard a draft. A final invoice stays for ever',
    access: 'platform',
    answer: shownInvoice,
    refuses: [400, 404],
  })
  async discardDraft(@Param({ schema: invoicePath }) { org, invoice }: InvoicePath) {
    return showInvoice(await ask(this.nats, discardDraft, { orgId: org, id: invoice }));
  }

  @Post(':invoice/finalise')
  @Operation({
    summary: 'Make a draft final: computed again, numbered and posted. Again, it changes nothing',
    access: 'platform',
    answer: shownInvoice,
    refuses: [...badBody, 404, 409],
  })
  async finaliseInvoice(
    @Param({ schema: invoicePath }) { org, invoice: id }: InvoicePath,
    @Body({ schema: finalisation }) { override }: z.infer<typeof finalisation>,
  ) {
    const invoice = await ask(this.nats, getInvoice, { orgId: org, id });
    if (invoice.state !== 'draft') return showInvoice(invoice);
    const { to } = invoice.period;
    const evidence = evidenceOf(decideEvidence(await findLastRun(this.nats, org, to), to), override);
    if ('refused' in evidence) throw new ApiError(409, 'not_reconciled', evidence.refused);
    return showInvoice(
      await ask(this.nats, finaliseInvoice, { orgId: org, id, evidence }, { timeoutMs: computeTimeoutMs }),
    );
  }

  @Post(':invoice/void')
  @Operation({
    summary: 'Void an invoice that nothing was paid or credited of. Its number stays, its usage can be invoiced again',
    access: 'platform',
    answer: shownInvoice,
    refuses: [...badBody, 404, 409],
  })
  async voidInvoice(
    @Param({ schema: invoicePath }) { org, invoice }: InvoicePath,
    @Body({ schema: voiding }) { reason }: z.infer<typeof voiding>,
  ) {
    return showInvoice(await ask(this.nats, voidInvoice, { orgId: org, id: invoice, reason }));
  }
}
