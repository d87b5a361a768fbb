import type { NatsConnection } from '@nats-io/transport-node';
import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { name } from '#contracts/cloud-event.js';
import { inclusionProof, listLineParts, proveInclusion } from '#contracts/requests/invoices.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { Operation } from '../openapi/operation.js';
import { linePath, type LinePath } from './fields.js';

/** A line of millions of charges is read anew. */
const readTimeoutMs = 600_000;

const shownPart = listLineParts.reply.shape.items.element.meta({ id: 'InvoiceLinePart' });
const partsQuery = pageQuery.extend({ format });
const proof = inclusionProof.meta({ id: 'InclusionProof' });
const proofQuery = z.strictObject({
  eventId: name(128).describe('The usage event.'),
  adjustment: z.coerce
    .number()
    .int()
    .min(1)
    .exactOptional()
    .describe("The number of an adjustment of the event's charge."),
});

/** What links an invoice to the usage events behind it, for who does not want to believe us. */
@ApiTags('invoices')
@Controller('v1/organisations/:org/invoices/:invoice/lines/:line')
export class ProofsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('parts')
  @Operation({
    summary:
      "The charges behind a line, each with its part of it: the leaves of the line's Merkle tree, in their order",
    access: 'organisation',
    answer: listOf(shownPart),
    refuses: [400, 409],
    csv: ['eventId', 'usageHash', 'adjustment', 'quantity', 'amount', 'hash'],
  })
  async listInvoiceLineParts(
    @Param({ schema: linePath }) { org, invoice, line }: LinePath,
    @Query({ schema: partsQuery }) { format: _, ...page }: z.infer<typeof partsQuery>,
  ) {
    const question = { orgId: org, id: invoice, line, ...page };
    const { items, next } = await ask(this.nats, listLineParts, question, { timeoutMs: readTimeoutMs });
    return list(items, next);
  }

  @Get('proof')
  @Operation({
    summary: 'Prove that a usage event is on a line and the line on the invoice (RFC 6962 audit paths)',
    access: 'organisation',
    answer: proof,
    refuses: [400, 409],
  })
  proveOnInvoice(
    @Param({ schema: linePath }) { org, invoice, line }: LinePath,
    @Query({ schema: proofQuery }) event: z.infer<typeof proofQuery>,
  ) {
    return ask(this.nats, proveInclusion, { orgId: org, id: invoice, line, ...event }, { timeoutMs: readTimeoutMs });
  }
}
