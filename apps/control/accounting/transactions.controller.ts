import type { NatsConnection } from '@nats-io/transport-node';
import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { correctCharge, getTransaction, journal, ledgerCharge } from '#contracts/requests/accounting.js';
import { ask } from '#jetstream/ask.js';
import { NATS_CONNECTION } from '#jetstream/jetstream.module.js';
import { format } from '../lists/csv.interceptor.js';
import { list, listOf, pageQuery } from '../lists/list.js';
import { badBody, Operation } from '../openapi/operation.js';
import { type OrganisationPath, organisationPath } from '../organisations/fields.js';
import { IdempotencyKey, TakesIdempotencyKey } from '../wallets/idempotency-key.js';
import { scopeFields, showTransaction, shownTransaction } from './fields.js';

const transactionsQuery = pageQuery.extend({
  ...scopeFields,
  kind: z.string().min(1).max(32).exactOptional().describe('Such as `charge`, `top_up` or `correction`.'),
  format,
});
const transactionPath = organisationPath.extend({ transaction: z.string().regex(/^\d{1,18}$/, 'a whole number') });
const transactionAnswer = z
  .object({ transaction: shownTransaction, charges: listOf(ledgerCharge.meta({ id: 'LedgerCharge' })) })
  .meta({ id: 'TransactionWithCharges' });

const { amount, cost, ...correctionFields } = correctCharge.request.omit({ orgId: true, idempotencyKey: true }).shape;
const newCorrection = z
  .strictObject({
    ...correctionFields,
    amount: amount.describe('What the customer owes for it in all.'),
    cost: cost.describe('What the provider bills us for it in all.'),
  })
  .meta({ id: 'NewCorrection' });

@ApiTags('ledger')
@Controller('v1/organisations/:org/ledger')
export class TransactionsController {
  constructor(@Inject(NATS_CONNECTION) private readonly nats: NatsConnection) {}

  @Get('transactions')
  @Operation({
    summary: 'The transactions of an organisation with their postings, oldest first, at most 200 to a page',
    access: 'organisation',
    answer: listOf(shownTransaction),
    refuses: [400],
    csv: [
      ...['organisationId', 'id', 'kind', 'currency', 'idempotencyKey', 'effectiveAt', 'postedAt', 'period'],
      ...['belongsTo', 'corrects', 'memo'],
    ],
  })
  async listTransactions(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Query({ schema: transactionsQuery }) { format: _, ...query }: z.infer<typeof transactionsQuery>,
  ) {
    const { items, next } = await ask(this.nats, journal, { orgId: org, ...query });
    return list(items.map(showTransaction), next);
  }

  @Get('transactions/:transaction')
  @Operation({
    summary: 'A transaction with its postings, and a page of the charges that they are the sums of',
    access: 'organisation',
    answer: transactionAnswer,
    refuses: [400],
  })
  async getTransaction(
    @Param({ schema: transactionPath }) { org, transaction: id }: z.infer<typeof transactionPath>,
    @Query({ schema: pageQuery }) page: z.infer<typeof pageQuery>,
  ) {
    const { transaction, charges } = await ask(this.nats, getTransaction, { orgId: org, id, ...page });
    return { transaction: showTransaction(transaction), charges: list(charges.items, charges.next) };
  }

  /** The platform's alone: it changes what a customer owes. */
  @Post('corrections')
  @TakesIdempotencyKey()
  @Operation({
    summary: 'Say what a charge was worth after all, or price a suspended one late',
    access: 'platform',
    status: 201,
    answer: correctCharge.reply.meta({ id: 'Correction' }),
    refuses: [...badBody, 404, 409],
  })
  correctCharge(
    @Param({ schema: organisationPath }) { org }: OrganisationPath,
    @Body({ schema: newCorrection }) correction: z.infer<typeof newCorrection>,
    @IdempotencyKey() idempotencyKey: string,
  ) {
    return ask(this.nats, correctCharge, { orgId: org, ...correction, idempotencyKey });
  }
}
